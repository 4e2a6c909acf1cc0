package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.Step;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The sampling loop, the only one of the library. Everything else plugs into its hooks. */
public final class SamplingLoop {
  private SamplingLoop() {}

  /**
   * Executes a plan: one call of the network and one linear update for each row.
   *
   * @param start the first sample, [batch, channels, h, w] in f32
   * @param random the source of fresh noise, image by image
   * @return the last sample, owned by the calling scope, or by the caller without a scope
   */
  public static Tensor sample(
      Tensor start,
      SamplingPlan plan,
      Predictor network,
      NoiseSource random,
      StepListener listener) {
    return sample(start, plan, network, random, PreparedLatents.Blend.NONE, listener);
  }

  /** Executes a plan with {@link PreparedLatents.Blend} applied to every sample. */
  public static Tensor sample(
      Tensor start,
      SamplingPlan plan,
      Predictor network,
      NoiseSource random,
      PreparedLatents.Blend blend,
      StepListener listener) {
    try (TensorScope run = TensorScope.open()) {
      List<StepHistory.Term> terms = StepHistory.Term.of(plan);
      StepHistory history = new StepHistory(terms, start);
      for (Step step : plan) {
        try (TensorScope scope = TensorScope.open()) {
          List<Tensor> inputs = history.inputs(step);
          inputs.addAll(noise(step, terms, start, random));
          Tensor[] made = new SamplingStep(network, terms, step).compute(inputs);
          history.advance(scope, made, blend.apply(made[0], plan, step.index() + 1));
          listener.onStep(step, plan.size(), history.sample(), made[1]);
        }
      }
      return run.promote(history.sample());
    }
  }

  /** The row's unit noise if the plan uses noise; zeros in rows without noise. */
  private static List<Tensor> noise(
      Step step, List<StepHistory.Term> terms, Tensor like, NoiseSource random) {
    Tensor noise = step.update().needsNoise() ? random.next(shape(like)) : null;
    return !StepHistory.Term.needsNoise(terms)
        ? List.of()
        : List.of(noise == null ? torch.zeros_like(like) : Tensors.toDeviceOf(like, noise));
  }

  private static long[] shape(Tensor x) {
    return new long[] {x.size(1), x.size(2), x.size(3)};
  }

  /**
   * Receives each finished step; may throw {@link dev.likeness.diffusion.error.CancelledException}
   * to stop sampling.
   */
  @FunctionalInterface
  public interface StepListener extends AutoCloseable {
    /** Ignores every step. */
    StepListener NONE = (step, of, latents, denoised) -> {};

    /**
     * Receives a finished step. The tensors are valid during the call only.
     *
     * @param of the number of steps
     * @param latents the sample after the step, [batch, channels, h, w] in f32
     * @param denoised the denoised prediction of the row, guided and before clipping, same shape
     */
    void onStep(Step step, int of, Tensor latents, Tensor denoised);

    /** Called when sampling has ended, with or without failure. */
    @Override
    default void close() {}
  }
}
