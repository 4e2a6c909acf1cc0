package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.cudagraph.StepRunner;
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

/** The denoising loop, the only one: everything else plugs into one of its joints. */
public final class SamplingLoop {
  private SamplingLoop() {}

  /**
   * Walks {@code start} down the plan: one call of the network and one linear update per row.
   *
   * @param start the first sample, [batch, channels, h, w] in f32
   * @param random where rows that draw noise draw it, image by image
   * @return the last sample, owned by the calling scope (by the caller, when there is none)
   */
  public static Tensor sample(
      Tensor start,
      SamplingPlan plan,
      Predictor network,
      NoiseSource random,
      StepListener listener) {
    return sample(
        start, plan, network, random, StepRunner.EAGER, PreparedLatents.Blend.NONE, listener);
  }

  /**
   * The same, each row's work done by {@code runner}, with something put into every sample on the
   * way: see {@link PreparedLatents.Blend}.
   */
  public static Tensor sample(
      Tensor start,
      SamplingPlan plan,
      Predictor network,
      NoiseSource random,
      StepRunner runner,
      PreparedLatents.Blend blend,
      StepListener listener) {
    try (TensorScope run = TensorScope.open()) {
      List<StepHistory.Term> terms = StepHistory.Term.of(plan);
      StepHistory history = new StepHistory(terms, start);
      for (Step step : plan) {
        try (TensorScope scope = TensorScope.open()) {
          List<Tensor> inputs = history.inputs(step);
          inputs.addAll(noise(step, terms, start, random));
          SamplingStep work = new SamplingStep(network, terms, step);
          Tensor[] made = runner.run(work.layout(), step, work, inputs.toArray(Tensor[]::new));
          history.advance(scope, made, blend.apply(made[0], plan, step.index() + 1));
          listener.onStep(step, plan.size(), history.sample(), made[1]);
        }
      }
      return run.promote(history.sample());
    }
  }

  /** The row's unit noise where the plan sums noise; in a row that draws none it does not count. */
  private static List<Tensor> noise(
      Step step, List<StepHistory.Term> terms, Tensor like, NoiseSource random) {
    Tensor drawn = step.update().needsNoise() ? random.next(shape(like)) : null;
    return !StepHistory.Term.needsNoise(terms)
        ? List.of()
        : List.of(drawn == null ? torch.zeros_like(like) : Tensors.toDeviceOf(like, drawn));
  }

  private static long[] shape(Tensor x) {
    return new long[] {x.size(1), x.size(2), x.size(3)};
  }
}
