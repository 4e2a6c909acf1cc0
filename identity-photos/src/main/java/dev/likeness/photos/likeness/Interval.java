package dev.likeness.photos.likeness;

import java.util.Arrays;
import java.util.Random;

/** A range that a mean lies in with 95 % confidence. */
public record Interval(double low, double high) {
  private static final int RESAMPLES = 2000;

  /** The percentile bootstrap of the mean (Efron and Tibshirani 1993, 13.3), with a fixed seed. */
  public static Interval ofMean(double[] values) {
    if (values.length == 0) {
      return new Interval(Double.NaN, Double.NaN);
    }
    Random random = new Random(95);
    double[] means = new double[RESAMPLES];
    for (int i = 0; i < RESAMPLES; i++) {
      for (int k = 0; k < values.length; k++) {
        means[i] += values[random.nextInt(values.length)] / values.length;
      }
    }
    Arrays.sort(means);
    return new Interval(means[(int) (0.025 * RESAMPLES)], means[(int) (0.975 * RESAMPLES) - 1]);
  }
}
