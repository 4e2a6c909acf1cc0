package dev.likeness.diffusion.request;

/**
 * Formula that combines the predictions for prompt and negative prompt. The sampling engine
 * computes it.
 */
public interface GuidanceFormula {
  /** Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598). */
  GuidanceFormula CLASSIFIER_FREE = new ClassifierFree();

  /**
   * Whether a prediction depends on those before it, so that every call has to be the next step of
   * one sample.
   */
  default boolean hasMomentum() {
    return false;
  }

  /** Classifier-free guidance. */
  record ClassifierFree() implements GuidanceFormula {}

  /**
   * CFG-Zero* (Fan et al. 2025, arXiv:2503.18886).
   *
   * @param zeroSteps how many steps predict zero at the start
   */
  record CfgZeroStar(int zeroSteps) implements GuidanceFormula {}

  /**
   * Adaptive projected guidance (Sadat et al. 2024, arXiv:2410.02416, algorithm 1).
   *
   * @param eta how much of the part along the prediction stays, 1 for all
   * @param momentum how much of the earlier differences is added, mostly negative; 0 for none
   * @param normThreshold the largest length of the difference, 0 for any
   */
  record AdaptiveProjected(double eta, double momentum, double normThreshold)
      implements GuidanceFormula {
    @Override
    public boolean hasMomentum() {
      return momentum != 0;
    }
  }

  /**
   * A formula whose result is limited in length ({@code cfg_normalization} of Z-Image's pipelines
   * in diffusers).
   *
   * @param factor how many times as long as the prediction for the prompt, above 0
   */
  record CfgNormalization(GuidanceFormula formula, double factor) implements GuidanceFormula {
    public CfgNormalization {
      if (!(factor > 0)) {
        throw new IllegalArgumentException(
            "the limit of guidance must be more than 0, got " + factor);
      }
    }

    @Override
    public boolean hasMomentum() {
      return formula.hasMomentum();
    }
  }
}
