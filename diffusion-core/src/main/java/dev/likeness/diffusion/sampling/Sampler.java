package dev.likeness.diffusion.sampling;

import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.Scaling;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** The denoising loop, the only one: everything else plugs into one of its joints. */
public final class Sampler {
  private Sampler() {}

  /**
   * Walks {@code start} down the plan: one call of the network and one linear update per row.
   *
   * @param start the first sample, [batch, channels, h, w] in f32
   * @param random where rows that draw noise draw it, image by image
   * @return the last sample, owned by the calling scope (by the caller, when there is none)
   */
  public static Tensor sample(Tensor start, SamplingPlan plan, NoisePredictor network, NoiseSource random,
      StepListener listener) {
    return sample(start, plan, network, random, Blend.NONE, listener);
  }

  /** The same with something put into every sample on the way: see {@link Blend}. */
  public static Tensor sample(Tensor start, SamplingPlan plan, NoisePredictor network, NoiseSource random, Blend blend,
      StepListener listener) {
    try (TensorScope run = TensorScope.open()) {
      History history = new History(plan.reach(), start);
      for (Step step : plan) {
        try (TensorScope scope = TensorScope.open()) {
          Tensor x = history.sample();
          Scaling c = step.scaling();
          Tensor answers = network.predict(c.in() == 1 ? x : x.mul(new Scalar(c.in())), step);
          boolean guided = answers.size(0) > x.size(0);   // one that is not says the same of both
          Tensor answer = guided ? answers.narrow(0, 0, x.size(0)) : answers;
          Tensor mean = Variance.mean(answer, x);
          Tensor raw = denoised(x, mean, c);
          Tensor noise = step.update().drawsNoise() ? Variance.scale(random.next(shape(x)), answer, step) : null;
          Tensor next =
              history.advance(scope, step.update(), Thresholding.apply(step.clipping(), raw), raw,
                  guided ? denoised(x, Variance.mean(answers.narrow(0, x.size(0), x.size(0)), x), c) : raw, mean, noise);
          history.follow(scope, next, blend.into(next, plan, step.index() + 1));
        }
        listener.onStep(step, plan.size(), history.sample());
      }
      return run.promote(history.sample());
    }
  }

  private static Tensor denoised(Tensor x, Tensor answer, Scaling c) {
    return x.mul(new Scalar(c.skip())).add(answer, new Scalar(c.out()));
  }

  private static long[] shape(Tensor x) {
    return new long[] {x.size(1), x.size(2), x.size(3)};
  }
}
