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
    Combination step(
        NoiseLevel s,
        NoiseLevel t,
        double h,
        boolean midpoint,
        Combination x,
        Combination d0,
        Combination d1,
        Combination d2) {
      double phi1 = -expm1(-h);
      return x.times(t.sigma() / s.sigma())
          .plus(sum(
              t.alpha(),
              phi1,
              midpoint ? phi1 / 2 : 1 - phi1 / h,
              0.5 - (h - phi1) / (h * h),
              d0,
              d1,
              d2));
    }
  },
  /** DPM-Solver: extrapolates the predicted noise (arXiv:2206.00927). */
  DPM_SOLVER {
    @Override
    Combination step(
        NoiseLevel s,
        NoiseLevel t,
        double h,
        boolean midpoint,
        Combination x,
        Combination d0,
        Combination d1,
        Combination d2) {
      double phi1 = expm1(h);
      return x.times(t.alpha() / s.alpha())
          .minus(sum(
              t.sigma(),
              phi1,
              midpoint ? phi1 / 2 : phi1 / h - 1,
              (phi1 - h) / (h * h) - 0.5,
              d0,
              d1,
              d2));
    }
  },
  /** SDE-DPM-Solver++: {@link #DPM_SOLVER_PLUS_PLUS} with fresh noise in every step. */
  SDE_DPM_SOLVER_PLUS_PLUS {
    @Override
    Combination step(
        NoiseLevel s,
        NoiseLevel t,
        double h,
        boolean midpoint,
        Combination x,
        Combination d0,
        Combination d1,
        Combination d2) {
      double phi1 = -expm1(-2 * h);
      return x.times(t.sigma() / s.sigma() * exp(-h))
          .plus(sum(
              t.alpha(),
              phi1,
              midpoint ? phi1 / 2 : 1 - phi1 / (2 * h),
              (phi1 - 2 * h) / (4 * h * h) - 0.5,
              d0,
              d1,
              d2));
    }
  },
  /** SDE-DPM-Solver: {@link #DPM_SOLVER} with fresh noise in every step. */
  SDE_DPM_SOLVER {
    @Override
    Combination step(
        NoiseLevel s,
        NoiseLevel t,
        double h,
        boolean midpoint,
        Combination x,
        Combination d0,
        Combination d1,
        Combination d2) {
      double phi1 = expm1(h);
      return x.times(t.alpha() / s.alpha())
          .minus(sum(t.sigma(), 2 * phi1, midpoint ? phi1 : 2 * (phi1 / h - 1), 0, d0, d1, d2));
    }
  };

  abstract Combination step(
      NoiseLevel s,
      NoiseLevel t,
      double h,
      boolean midpoint,
      Combination x,
      Combination d0,
      Combination d1,
      Combination d2);

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

  private static Combination sum(
      double scale,
      double c0,
      double c1,
      double c2,
      Combination d0,
      Combination d1,
      Combination d2) {
    return d0.times(scale * c0).plus(scaled(d1, scale * c1)).plus(scaled(d2, scale * c2));
  }

  // For an infinite h the coefficients of absent differences are infinite or NaN: skip them.
  private static Combination scaled(Combination d, double factor) {
    return d == Combination.ZERO ? d : d.times(factor);
  }
}
