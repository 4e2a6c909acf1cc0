package dev.likeness.diffusion.request;

/** The formula that combines the predictions for prompt and negative prompt. */
public interface GuidanceFormula {
  /** Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598). */
  GuidanceFormula CLASSIFIER_FREE = new ClassifierFree();

  /**
   * {@return true if a prediction depends on earlier ones} Every call must then be the next step of
   * one sample. False by default.
   */
  default boolean hasMomentum() {
    return false;
  }

  /** Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598). */
  record ClassifierFree() implements GuidanceFormula {}

  /**
   * CFG-Zero* (Fan et al. 2025, arXiv:2503.18886).
   *
   * @param zeroSteps the number of first steps with a prediction of zero, at least 0
   */
  record CfgZeroStar(int zeroSteps) implements GuidanceFormula {}

  /**
   * Adaptive projected guidance (Sadat et al. 2024, arXiv:2410.02416, algorithm 1).
   *
   * @param eta the share of the parallel component that stays, 0..1; 1 keeps all of it
   * @param momentum the weight of earlier differences, usually negative; 0 for none
   * @param normThreshold the largest norm of the difference; 0 for no limit
   */
  record AdaptiveProjected(double eta, double momentum, double normThreshold)
      implements GuidanceFormula {
    @Override
    public boolean hasMomentum() {
      return momentum != 0;
    }
  }

  /**
   * A formula whose result is limited in norm ({@code cfg_normalization} of diffusers' Z-Image
   * pipelines).
   *
   * @param formula the formula that is limited
   * @param factor the limit as a multiple of the norm of the prediction for the prompt, above 0
   */
  record CfgNormalization(GuidanceFormula formula, double factor) implements GuidanceFormula {
    /**
     * Checks that the factor is above 0.
     *
     * @param formula the component {@code formula}
     * @param factor the component {@code factor}
     * @throws IllegalArgumentException if the factor is not above 0
     */
    public CfgNormalization {
      if (!(factor > 0)) {
        throw new IllegalArgumentException(
            "the factor of CFG normalization must be above 0, got " + factor);
      }
    }

    @Override
    public boolean hasMomentum() {
      return formula.hasMomentum();
    }
  }
}
