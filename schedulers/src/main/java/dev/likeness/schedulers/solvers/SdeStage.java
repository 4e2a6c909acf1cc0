package dev.likeness.schedulers.solvers;

import static java.lang.Math.exp;
import static java.lang.Math.expm1;
import static java.lang.Math.sqrt;

import dev.likeness.schedulers.NoiseLevel;
import java.util.function.DoubleFunction;

/**
 * The exact step of an SDE between two levels, for a denoised prediction that is constant or linear
 * in lambda (arXiv:2305.14267, proposition 4.2 for data prediction).
 *
 * @param from the start level
 * @param to the end level
 * @param eta the share of fresh noise; 0 is the probability-flow ODE
 */
record SdeStage(NoiseLevel from, NoiseLevel to, double eta) {
  // Pure noise has an infinite lambda; the step starts just below it.
  private static final double BELOW_PURE_NOISE = 0.9999;

  /** Lowers a start level without signal slightly. */
  SdeStage {
    from = from.alpha() > 0 ? from : NoiseLevel.flow(BELOW_PURE_NOISE);
  }

  /** Returns the level at a share of the step in lambda. */
  NoiseLevel at(double share, DoubleFunction<NoiseLevel> levels) {
    return share == 1
        ? to
        : levels.apply(from.ratio() * Math.pow(to.ratio() / from.ratio(), share));
  }

  /** Returns the factor of the sample. */
  double sampleFactor() {
    return to.sigma() / from.sigma() * exp(-h() * eta);
  }

  /** Returns the factor of a constant denoised prediction. */
  double denoisedFactor() {
    return -to.alpha() * expm1(-z());
  }

  /** Returns the factor of the linear change of the prediction over the step. */
  double differenceFactor() {
    return to.alpha() * (1 + expm1(-z()) / z());
  }

  /** Returns the standard deviation of the fresh noise. */
  double noiseFactor() {
    return to.sigma() * sqrt(-expm1(-2 * h() * eta));
  }

  /**
   * Returns the standard deviation of the fresh noise divided by the root of eta, if the noise is
   * extrapolated.
   */
  double epsNoiseFactor() {
    return to.sigma() * sqrt(expm1(2 * h()));
  }

  private double h() {
    return to.lambda() - from.lambda();
  }

  private double z() {
    return h() * (1 + eta);
  }
}
