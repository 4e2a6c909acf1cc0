package dev.likeness.photos.likeness;

import java.util.Arrays;
import java.util.Random;

/**
 * The 95 % confidence interval of a mean. If there is only one value, both ends equal this value,
 * and the interval says nothing about the uncertainty.
 *
 * @param low lower end; NaN if there are no values
 * @param high upper end; NaN if there are no values
 */
public record ConfidenceInterval(double low, double high) {
  private static final int RESAMPLES = 2000;

  /**
   * Returns the interval of the mean of a table of cosines, by the percentile bootstrap (Efron and
   * Tibshirani 1993, section 13.3). The method resamples rows and columns 2000 times with a fixed
   * seed, so equal tables have equal intervals.
   *
   * @param table one row per image and one column per photo that the images are compared with; all
   *     rows have the same length, at least 1
   * @return the interval; both ends are NaN if the table has no row
   * @throws IllegalArgumentException if the rows are empty
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
