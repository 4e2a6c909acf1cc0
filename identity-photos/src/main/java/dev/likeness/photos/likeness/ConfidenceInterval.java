package dev.likeness.photos.likeness;

import java.util.Arrays;
import java.util.Random;

/**
 * The 95 % confidence interval of a mean. With a single value it is that value and carries no
 * information.
 */
public record ConfidenceInterval(double low, double high) {
  private static final int RESAMPLES = 2000;

  /**
   * The range of the mean of a table, one row an image and one column a photo it was compared with:
   * the percentile bootstrap (Efron and Tibshirani 1993, 13.3) that resamples rows and columns,
   * with a fixed seed.
   */
  public static ConfidenceInterval ofMean(double[][] table) {
    if (table.length == 0) {
      return new ConfidenceInterval(Double.NaN, Double.NaN);
    }
    Random random = new Random(95);
    double[] means = new double[RESAMPLES];
    for (int i = 0; i < RESAMPLES; i++) {
      int[] rows = random.ints(table.length, 0, table.length).toArray();
      int[] columns = random.ints(table[0].length, 0, table[0].length).toArray();
      for (int row : rows) {
        for (int column : columns) {
          means[i] += table[row][column] / (rows.length * columns.length);
        }
      }
    }
    Arrays.sort(means);
    return new ConfidenceInterval(
        means[(int) (0.025 * RESAMPLES)], means[(int) (0.975 * RESAMPLES) - 1]);
  }
}
