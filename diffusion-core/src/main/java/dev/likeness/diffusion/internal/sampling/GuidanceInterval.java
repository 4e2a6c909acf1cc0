package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Tensor;

/**
 * Guidance in a part of the run only (Kynkäänniemi et al. 2024, arXiv:2404.07724); outside of it
 * the network is asked once.
 *
 * @param guided asked from row {@code first} on and before row {@code end}
 * @param plain asked in the other rows
 */
public record GuidanceInterval(Predictor guided, Predictor plain, int first, int end)
    implements Predictor {
  /** Between two shares of a run's rows, rounded down as diffusers' guiders do. */
  public static GuidanceInterval of(
      Predictor guided, Predictor plain, double from, double until, int rows) {
    return new GuidanceInterval(guided, plain, (int) (from * rows), (int) (until * rows));
  }

  @Override
  public Tensor predict(Tensor input, Step step) {
    return at(step).predict(input, step);
  }

  @Override
  public Object layout(Step step) {
    return at(step).layout(step);
  }

  private Predictor at(Step step) {
    return step.index() >= first && step.index() < end ? guided : plain;
  }
}
