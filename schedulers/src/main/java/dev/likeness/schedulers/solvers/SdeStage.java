package dev.likeness.schedulers.solvers;

import static java.lang.Math.exp;
import static java.lang.Math.expm1;
import static java.lang.Math.sqrt;

import dev.likeness.schedulers.NoiseLevel;
import java.util.function.DoubleFunction;

/**
 * The exact step between two levels of the SDE whose drift holds a denoised prediction that is
 * constant or straight in lambda (arXiv:2305.14267, proposition 4.2 for data prediction).
 *
 * @param from where it begins
 * @param to where it ends
 * @param eta the share of fresh noise; 0 is the probability-flow ODE
 */
record SdeStage(NoiseLevel from, NoiseLevel to, double eta) {
  // Pure noise has no lambda; the step is computed from just below.
  private static final double BELOW_PURE_NOISE = 0.9999;

  /** Begins a little lower where there is no signal. */
  SdeStage {
    from = from.alpha() > 0 ? from : NoiseLevel.flow(BELOW_PURE_NOISE);
  }

  /** The level at a share of the way in lambda. */
  NoiseLevel at(double share, DoubleFunction<NoiseLevel> levels) {
    return share == 1
        ? to
        : levels.apply(from.ratio() * Math.pow(to.ratio() / from.ratio(), share));
  }

  /** The factor of the sample. */
  double sampleFactor() {
    return to.sigma() / from.sigma() * exp(-h() * eta);
  }

  /** The factor of a denoised prediction that stays. */
  double denoisedFactor() {
    return -to.alpha() * expm1(-z());
  }

  /** The factor of what it changes by until the end, in a straight line. */
  double differenceFactor() {
    return to.alpha() * (1 + expm1(-z()) / z());
  }

  /** The standard deviation of the fresh noise. */
  double noiseFactor() {
    return to.sigma() * sqrt(-expm1(-2 * h() * eta));
  }

  /**
   * The standard deviation of the fresh noise, relative to eta's root, where it is the noise that
   * is extrapolated.
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
