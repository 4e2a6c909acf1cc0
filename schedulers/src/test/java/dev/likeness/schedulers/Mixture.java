package dev.likeness.schedulers;

import java.util.Iterator;
import org.apache.commons.math3.distribution.NormalDistribution;

/**
 * Data of one number from two Gaussians, for which everything is known exactly: the denoised
 * sample, and where the probability-flow ODE leads, since in one dimension it keeps every quantile.
 */
final class Mixture {
  private static final double[] WEIGHT = {0.4, 0.6};
  private static final double[] MEAN = {-0.5, 0.6};
  private static final double[] DEVIATION = {0.35, 0.3};

  private Mixture() {}

  /** The mean of the data given a noisy sample. */
  static double denoised(NoiseLevel level, double x) {
    double total = 0;
    double sum = 0;
    for (int k = 0; k < 2; k++) {
      double variance = variance(level, k);
      double off = x - level.alpha() * MEAN[k];
      double weight = WEIGHT[k] / Math.sqrt(variance) * Math.exp(-off * off / (2 * variance));
      total += weight;
      sum += weight * (MEAN[k] + level.alpha() * DEVIATION[k] * DEVIATION[k] * off / variance);
    }
    return sum / total;
  }

  /** The value below which this share of all samples at a level lies. */
  static double quantile(NoiseLevel level, double share) {
    double low = -100 * (level.alpha() + level.sigma());
    double high = -low;
    for (int i = 0; i < 200; i++) {
      double middle = (low + high) / 2;
      if (below(level, middle) < share) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }

  /** How far a plan ends from the exact solution: the root mean square over 99 quantiles. */
  static double error(SamplingPlan plan) {
    NoiseLevel start = plan.steps().get(0).level();
    double sum = 0;
    for (int percent = 1; percent < 100; percent++) {
      double off =
          end(plan, quantile(start, percent / 100.0)) - quantile(NoiseLevel.CLEAN, percent / 100.0);
      sum += off * off;
    }
    return Math.sqrt(sum / 99);
  }

  private static double end(SamplingPlan plan, double first) {
    Iterator<Step> rows = plan.iterator();
    NumericSamplingLoop.Network network = (x, timestep) -> {
      Step row = rows.next();
      Step.Scaling c = row.scaling();
      double sample = x[0] / c.input();
      return new double[] {(denoised(row.level(), sample) - c.skip() * sample) / c.output()};
    };
    return new NumericSamplingLoop(network, () -> new double[1])
        .sample(new double[] {first}, plan)[0];
  }

  private static double below(NoiseLevel level, double x) {
    double sum = 0;
    for (int k = 0; k < 2; k++) {
      sum += WEIGHT[k]
          * new NormalDistribution(null, level.alpha() * MEAN[k], Math.sqrt(variance(level, k)))
              .cumulativeProbability(x);
    }
    return sum;
  }

  private static double variance(NoiseLevel level, int k) {
    double spread = level.alpha() * DEVIATION[k];
    return spread * spread + level.sigma() * level.sigma();
  }
}
