package dev.likeness.diffusion.request;

/** The formula that combines the predictions for prompt and negative prompt. */
public interface GuidanceFormula {
  /** Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598). */
  GuidanceFormula CLASSIFIER_FREE = new ClassifierFree();

  /**
   * {@return true if the formula also uses predictions of earlier steps; false by default} Such a
   * formula must be called in the order of the steps, for one sample only.
   */
  default boolean hasMomentum() {
    return false;
  }

  /** Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598). */
  record ClassifierFree() implements GuidanceFormula {}

  /**
   * CFG-Zero* (Fan et al. 2025, arXiv:2503.18886).
   *
   * @param zeroSteps how many rows at the start of the sampling plan get a prediction of zero, at
   *     least 0
   */
  record CfgZeroStar(int zeroSteps) implements GuidanceFormula {
    /**
     * Checks the number of rows.
     *
     * @throws IllegalArgumentException if the number is negative
     */
    public CfgZeroStar {
      if (zeroSteps < 0) {
        throw new IllegalArgumentException(
            "the number of zero steps of CFG-Zero* must be at least 0, got " + zeroSteps);
      }
    }
  }

  /**
   * Adaptive projected guidance (Sadat et al. 2024, arXiv:2410.02416, algorithm 1). It changes the
   * difference of the predictions for prompt and negative prompt.
   *
   * @param eta the factor, 0..1, for one part of the difference: the part parallel to the
   *     prediction for the prompt. 1 keeps this part
   * @param momentum the weight of earlier steps' differences, usually negative; 0 turns momentum
   *     off
   * @param normThreshold the largest norm of the difference, at least 0; 0 means no limit
   */
  record AdaptiveProjected(double eta, double momentum, double normThreshold)
      implements GuidanceFormula {
    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a number is out of its range
     */
    public AdaptiveProjected {
      if (!(eta >= 0 && eta <= 1 && Double.isFinite(momentum) && normThreshold >= 0)) {
        throw new IllegalArgumentException(
            "adaptive projected guidance needs eta in 0..1, a finite momentum and a"
                + " normThreshold of at least 0, got eta " + eta + ", momentum " + momentum
                + " and normThreshold " + normThreshold);
      }
    }

    @Override
    public boolean hasMomentum() {
      return momentum != 0;
    }
  }

  /**
   * Limits the norm of another formula's result ({@code cfg_normalization} of diffusers' Z-Image
   * pipelines).
   *
   * @param formula the formula whose result is limited
   * @param factor the limit, as a multiple of the norm of the prompt's prediction; above 0
   */
  record CfgNormalization(GuidanceFormula formula, double factor) implements GuidanceFormula {
    /**
     * Checks that the factor is above 0.
     *
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
