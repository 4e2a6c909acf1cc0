package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Combination;
import java.util.List;

/** Adams-Bashforth extrapolation over even steps, up to order 4 (arXiv:2202.09778, equation 9). */
final class AdamsBashforth {
  private static final double[][] WEIGHTS = {
    {1},
    {3 / 2.0, -1 / 2.0},
    {23 / 12.0, -16 / 12.0, 5 / 12.0},
    {55 / 24.0, -59 / 24.0, 37 / 24.0, -9 / 24.0}
  };

  private AdamsBashforth() {}

  /** The mean over the coming step, extrapolated from past values, newest first. */
  static Combination extrapolated(List<Combination> values) {
    double[] weights = WEIGHTS[Math.min(values.size(), WEIGHTS.length) - 1];
    Combination sum = Combination.ZERO;
    for (int k = 0; k < weights.length; k++) {
      sum = sum.plus(values.get(k).times(weights[k]));
    }
    return sum;
  }
}
