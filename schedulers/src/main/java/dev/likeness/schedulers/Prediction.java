package dev.likeness.schedulers;

import java.util.Locale;

/** The value that a network was trained to predict. */
public enum Prediction {
  /** The noise {@code n}. */
  EPSILON,
  /**
   * The velocity {@code alpha * n - sigma * x0} of the variance-preserving form (arXiv:2202.00512,
   * appendix D).
   */
  V,
  /** The clean sample {@code x0}. */
  SAMPLE,
  /** The rectified flow {@code n - x0} (arXiv:2209.03003). */
  FLOW;

  /**
   * {@return the kind of prediction for a value of the config option {@code prediction_type}}
   *
   * @param name {@code epsilon}, {@code v_prediction}, {@code sample} or {@code flow_prediction},
   *     in upper or lower case
   * @throws IllegalArgumentException if no prediction type has this name; the message lists the
   *     names
   */
  public static Prediction parse(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "epsilon" -> EPSILON;
      case "v_prediction" -> V;
      case "sample" -> SAMPLE;
      case "flow_prediction" -> FLOW;
      default ->
        throw new IllegalArgumentException("unknown prediction_type \"" + name
            + "\"; known: epsilon, v_prediction, sample, flow_prediction");
    };
  }

  /**
   * {@return the scaling that turns the network's output into the denoised prediction} For
   * {@link #FLOW}, the noise level must have flow form (alpha is 1 - sigma). For {@link #V}, the
   * level must have variance-preserving or k-diffusion's form. For {@link #EPSILON} and
   * {@link #SAMPLE}, any form is allowed.
   *
   * <p>If the sample has k-diffusion's form (alpha 1), the network's input is scaled to variance 1.
   * Samples of other forms are not scaled.
   *
   * @param level the noise level of the sample
   * @throws IllegalArgumentException if alpha of the level is 0 and the network predicts noise
   */
  public Step.Scaling scaling(NoiseLevel level) {
    double alpha = level.alpha();
    double sigma = level.sigma();
    double spread = this != FLOW && alpha == 1 ? Math.hypot(1, sigma) : 1;
    if (this == EPSILON && alpha == 0) {
      throw new IllegalArgumentException(
          "epsilon prediction is not defined for pure noise (alpha 0); use v_prediction or sample");
    }
    return switch (this) {
      case EPSILON -> new Step.Scaling(1 / spread, 1 / alpha, -sigma / alpha);
      case V -> new Step.Scaling(1 / spread, alpha / (spread * spread), -sigma / spread);
      case SAMPLE -> new Step.Scaling(1 / spread, 0, 1);
      case FLOW -> new Step.Scaling(1, 1, -sigma);
    };
  }
}
