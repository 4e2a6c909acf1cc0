package dev.likeness.schedulers.internal;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.apache.commons.math3.distribution.BetaDistribution;

/** Computes sequences of sigmas, and shifts them. */
public final class Sigmas {
  /** Karras et al. 2022, arXiv:2206.00364, section 3. */
  private static final double RHO = 7;

  /** The error of the inverse beta distribution: about the resolution of a double near 1. */
  private static final double BETA_ACCURACY = 1e-15;

  private Sigmas() {}

  /**
   * {@return evenly spaced values from {@code start} to {@code end}, including both; only
   * {@code start} if {@code count} is 1}
   *
   * @param start the first value
   * @param end the last value
   * @param count the number of values, at least 1
   */
  public static double[] linspace(double start, double end, int count) {
    double step = (end - start) / Math.max(1, count - 1);
    return IntStream.range(0, count)
        .mapToDouble(i -> i > 0 && i == count - 1 ? end : start + i * step)
        .toArray();
  }

  /**
   * {@return sigmas that are spaced uniformly in their seventh root (Karras et al. 2022,
   * arXiv:2206.00364, equation 5)}
   *
   * @param max the first sigma
   * @param min the last sigma, above 0
   * @param count the number of sigmas, at least 1
   */
  public static double[] karras(double max, double min, int count) {
    return karras(max, min, count, RHO);
  }

  /**
   * {@return sigmas that are spaced uniformly in their root of order {@code rho} (Karras et al.
   * 2022, arXiv:2206.00364, equation 5)}
   *
   * @param max the first sigma
   * @param min the last sigma, above 0
   * @param count the number of sigmas, at least 1
   * @param rho the order, above 0; 7 in the paper
   */
  public static double[] karras(double max, double min, int count, double rho) {
    double top = Math.pow(max, 1 / rho);
    double bottom = Math.pow(min, 1 / rho);
    return map(linspace(0, 1, count), ramp -> Math.pow(top + ramp * (bottom - top), rho));
  }

  /**
   * {@return sigmas that are spaced uniformly in their logarithm; k-diffusion's
   * {@code get_sigmas_exponential}}
   *
   * @param max the first sigma
   * @param min the last sigma, above 0
   * @param count the number of sigmas, at least 1
   */
  public static double[] exponential(double max, double min, int count) {
    double[] sigmas = map(linspace(Math.log(max), Math.log(min), count), Math::exp);
    sigmas[0] = max; // exp(log(max)) may round
    return sigmas;
  }

  /**
   * {@return sigmas at the quantiles of a beta distribution with both parameters 0.6
   * (arXiv:2407.12173)}
   *
   * @param max the first sigma
   * @param min the last sigma
   * @param count the number of sigmas, at least 1
   */
  public static double[] beta(double max, double min, int count) {
    return beta(max, min, count, 0.6, 0.6);
  }

  /**
   * {@return sigmas at the quantiles of a beta distribution (arXiv:2407.12173)}
   *
   * @param max the first sigma
   * @param min the last sigma
   * @param count the number of sigmas, at least 1
   * @param alpha the first parameter, above 0
   * @param beta the second parameter, above 0
   */
  public static double[] beta(double max, double min, int count, double alpha, double beta) {
    var distribution = new BetaDistribution(null, alpha, beta, BETA_ACCURACY);
    return map(
        linspace(0, 1, count),
        ramp -> min + distribution.inverseCumulativeProbability(1 - ramp) * (max - min));
  }

  /**
   * {@return sigmas of a continuous variance-preserving process (arXiv:2011.13456); k-diffusion's
   * {@code get_sigmas_vp}}
   *
   * @param betaD the increase of beta from time 0 to time 1; k-diffusion uses 19.9
   * @param betaMin beta at time 0; k-diffusion uses 0.1
   * @param smallestTime the smallest time, above 0; the largest time is 1
   * @param count the number of sigmas, at least 1
   */
  public static double[] variancePreserving(
      double betaD, double betaMin, double smallestTime, int count) {
    return map(
        linspace(1, smallestTime, count),
        time -> Math.sqrt(Math.expm1(betaD * time * time / 2 + betaMin * time)));
  }

  /**
   * {@return flow sigmas shifted towards noise: {@code shift * s / (1 + (shift - 1) * s)}
   * (arXiv:2403.03206, equation 23)}
   *
   * @param sigmas flow sigmas, 0..1
   * @param shift the shift, above 0; 1 leaves the sigmas unchanged
   */
  public static double[] shift(double[] sigmas, double shift) {
    return map(sigmas, sigma -> shift * sigma / (1 + (shift - 1) * sigma));
  }

  public static double[] map(double[] values, DoubleUnaryOperator each) {
    return Arrays.stream(values).map(each).toArray();
  }
}
