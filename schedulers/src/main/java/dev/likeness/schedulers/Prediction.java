package dev.likeness.schedulers;

import java.util.Locale;

/** What a network was trained to answer. */
public enum Prediction {
  /** The noise: {@code n}. */
  EPSILON,
  /**
   * The velocity {@code alpha * n - sigma * x0} of the variance-preserving form (arXiv:2202.00512,
   * appendix D).
   */
  V,
  /** The clean sample: {@code x0}. */
  SAMPLE,
  /** The rectified flow {@code n - x0} (arXiv:2209.03003). */
  FLOW;

  /**
   * The prediction that a config names: {@code epsilon}, {@code v_prediction}, {@code sample} or
   * {@code flow_prediction}.
   *
   * @throws IllegalArgumentException for any other name, listing these
   */
  public static Prediction parse(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "epsilon" -> EPSILON;
      case "v_prediction" -> V;
      case "sample" -> SAMPLE;
      case "flow_prediction" -> FLOW;
      default ->
        throw new IllegalArgumentException("prediction_type " + name
            + " is unknown; known are epsilon, v_prediction, sample, flow_prediction");
    };
  }

  /**
   * How an answer of this kind becomes a denoised sample at a noise level of any form. Samples of
   * k-diffusion's form (alpha 1), which grow with sigma, are scaled back for the network; those of
   * the others are as it knows them.
   *
   * @throws IllegalArgumentException when the level has no signal and the answer is noise, which
   *     says nothing of x0
   */
  public Step.Scaling scaling(NoiseLevel level) {
    double alpha = level.alpha();
    double sigma = level.sigma();
    double spread = this != FLOW && alpha == 1 ? Math.hypot(1, sigma) : 1;
    if (this == EPSILON && alpha == 0) {
      throw new IllegalArgumentException(
          "a network that predicts noise cannot start from pure noise (alpha 0); use v_prediction or sample");
    }
    return switch (this) {
      case EPSILON -> new Step.Scaling(1 / spread, 1 / alpha, -sigma / alpha);
      case V -> new Step.Scaling(1 / spread, alpha / (spread * spread), -sigma / spread);
      case SAMPLE -> new Step.Scaling(1 / spread, 0, 1);
      case FLOW -> new Step.Scaling(1, 1, -sigma);
    };
  }
}
