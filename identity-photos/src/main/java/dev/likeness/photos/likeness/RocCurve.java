package dev.likeness.photos.likeness;

import java.util.Arrays;
import java.util.List;

/**
 * The receiver operating characteristic of a similarity: pairs of one person against pairs of two
 * people. All values are cosines. Immutable.
 */
public final class RocCurve {
  private final double[] genuine;
  private final double[] impostors;

  private RocCurve(double[] same, double[] different) {
    this.genuine = same;
    this.impostors = different;
  }

  /** The curve of these pairs; at least one of each kind. */
  public static RocCurve of(double[] same, double[] different) {
    if (same.length == 0 || different.length == 0) {
      throw new IllegalArgumentException("a curve needs pairs of both kinds, given " + same.length
          + " of one person and " + different.length + " of two");
    }
    return new RocCurve(sorted(same), sorted(different));
  }

  /** As {@link #of(double[], double[])}. */
  public static RocCurve of(List<Double> same, List<Double> different) {
    return of(array(same), array(different));
  }

  /**
   * The probability that a pair of one person is more similar than a pair of two (Mann and
   * Whitney), ties by half.
   */
  public double auc() {
    double wins = 0;
    for (double s : genuine) {
      for (double d : impostors) {
        wins += s > d ? 1 : s == d ? 0.5 : 0;
      }
    }
    return wins / ((double) genuine.length * impostors.length);
  }

  /** The smallest threshold that lets at most {@code rate} of the pairs of two persons pass. */
  public double thresholdAt(double rate) {
    int passing = (int) Math.floor(rate * impostors.length);
    return passing >= impostors.length
        ? -1
        : Math.nextUp(impostors[impostors.length - 1 - passing]);
  }

  /**
   * The share of pairs of one person that pass when at most {@code rate} of the pairs of two do:
   * TAR at FAR.
   */
  public double trueMatchRateAt(double rate) {
    double threshold = thresholdAt(rate);
    return Arrays.stream(genuine).filter(value -> value >= threshold).count()
        / (double) genuine.length;
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static double[] sorted(double[] values) {
    double[] copy = values.clone();
    Arrays.sort(copy);
    return copy;
  }
}
