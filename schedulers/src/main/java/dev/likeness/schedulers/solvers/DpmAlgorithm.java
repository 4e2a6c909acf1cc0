package dev.likeness.schedulers.solvers;

import static java.lang.Math.exp;
import static java.lang.Math.expm1;
import static java.lang.Math.sqrt;

import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;

/**
 * The exponential integrators of the DPM-Solver family.
 *
 * <p>A step goes from level s to level t over {@code h = lambda_t - lambda_s}, where lambda is
 * {@code log(alpha / sigma)}. The step uses the prediction {@code d0} at s, and the first and
 * second differences of the predictions, {@code d1} and {@code d2}.
 */
public enum DpmAlgorithm {
  /** DPM-Solver++: extrapolates the denoised prediction (arXiv:2211.01095). */
  DPM_SOLVER_PLUS_PLUS {
    @Override
    Factors factors(NoiseLevel s, NoiseLevel t, double h, boolean midpoint) {
      double phi1 = -expm1(-h);
      return new Factors(
          t.sigma() / s.sigma(),
          t.alpha(),
          phi1,
          midpoint ? phi1 / 2 : 1 - phi1 / h,
          0.5 - (h - phi1) / (h * h));
    }
  },
  /** DPM-Solver: extrapolates the predicted noise (arXiv:2206.00927). */
  DPM_SOLVER {
    @Override
    Factors factors(NoiseLevel s, NoiseLevel t, double h, boolean midpoint) {
      double phi1 = expm1(h);
      return new Factors(
          t.alpha() / s.alpha(),
          t.sigma(),
          phi1,
          midpoint ? phi1 / 2 : phi1 / h - 1,
          (phi1 - h) / (h * h) - 0.5);
    }
  },
  /** SDE-DPM-Solver++: {@link #DPM_SOLVER_PLUS_PLUS} with fresh noise in every step. */
  SDE_DPM_SOLVER_PLUS_PLUS {
    @Override
    Factors factors(NoiseLevel s, NoiseLevel t, double h, boolean midpoint) {
      double phi1 = -expm1(-2 * h);
      return new Factors(
          t.sigma() / s.sigma() * exp(-h),
          t.alpha(),
          phi1,
          midpoint ? phi1 / 2 : 1 - phi1 / (2 * h),
          (phi1 - 2 * h) / (4 * h * h) - 0.5);
    }
  },
  /** SDE-DPM-Solver: {@link #DPM_SOLVER} with fresh noise in every step. */
  SDE_DPM_SOLVER {
    @Override
    Factors factors(NoiseLevel s, NoiseLevel t, double h, boolean midpoint) {
      double phi1 = expm1(h);
      return new Factors(
          t.alpha() / s.alpha(), t.sigma(), 2 * phi1, midpoint ? phi1 : 2 * (phi1 / h - 1), 0);
    }
  };

  /**
   * The factors of a step.
   *
   * @param sample factor of the sample
   * @param level factor of all predictions: of level t, alpha for the denoised prediction, sigma
   *     for the predicted noise
   * @param prediction factor of the prediction
   * @param first factor of the first difference
   * @param second factor of the second difference
   */
  record Factors(double sample, double level, double prediction, double first, double second) {}

  /** Returns the factors of a step from level s to level t, which is h wide. */
  abstract Factors factors(NoiseLevel s, NoiseLevel t, double h, boolean midpoint);

  /** Returns the sample at level t, without fresh noise. */
  Combination step(
      NoiseLevel s,
      NoiseLevel t,
      double h,
      boolean midpoint,
      Combination x,
      Combination d0,
      Combination d1,
      Combination d2) {
    Factors by = factors(s, t, h, midpoint);
    Combination kept = x.times(by.sample);
    Combination change = d0.times(by.level * by.prediction)
        .plus(scaled(d1, by.level * by.first))
        .plus(scaled(d2, by.level * by.second));
    return predictsX0() ? kept.plus(change) : kept.minus(change);
  }

  /** {@return true if the denoised prediction is extrapolated, false for the predicted noise} */
  public boolean predictsX0() {
    return this == DPM_SOLVER_PLUS_PLUS || this == SDE_DPM_SOLVER_PLUS_PLUS;
  }

  /** {@return true if every step adds noise} */
  public boolean isStochastic() {
    return this == SDE_DPM_SOLVER_PLUS_PLUS || this == SDE_DPM_SOLVER;
  }

  /** Returns the factor of a step's fresh noise. */
  double noiseFactor(NoiseLevel t, double h) {
    if (isStochastic() && h < 0) {
      throw new IllegalArgumentException(
          "an SDE solver needs descending sigmas, but this schedule rises to sigma " + t.sigma()
              + "; set final_sigmas_type to zero, use fewer steps or an ODE solver");
    }
    return switch (this) {
      case DPM_SOLVER_PLUS_PLUS, DPM_SOLVER -> 0;
      case SDE_DPM_SOLVER_PLUS_PLUS -> t.sigma() * sqrt(-expm1(-2 * h));
      case SDE_DPM_SOLVER -> t.sigma() * sqrt(expm1(2 * h));
    };
  }

  // For an infinite h the coefficients of absent differences are infinite or NaN: skip them.
  private static Combination scaled(Combination d, double factor) {
    return d == Combination.ZERO ? d : d.times(factor);
  }
}
