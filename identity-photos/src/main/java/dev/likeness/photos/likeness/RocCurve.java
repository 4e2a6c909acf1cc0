package dev.likeness.photos.likeness;

import java.util.Arrays;
import java.util.List;

/**
 * The receiver operating characteristic (ROC) of face verification, computed from the cosines of
 * genuine pairs (two photos of one person) and of impostor pairs (photos of two people). Immutable.
 */
public final class RocCurve {
  private final double[] genuine;
  private final double[] impostors;

  private RocCurve(double[] genuine, double[] impostors) {
    this.genuine = genuine;
    this.impostors = impostors;
  }

  /**
   * Returns the curve of genuine and impostor pairs, given by their cosines.
   *
   * @param same cosines of genuine pairs (two photos of one person), -1 to 1; at least one
   * @param different cosines of impostor pairs (photos of two people), -1 to 1; at least one
   * @return the curve
   * @throws IllegalArgumentException if there are no genuine pairs or no impostor pairs
   */
  public static RocCurve of(double[] same, double[] different) {
    if (same.length == 0 || different.length == 0) {
      throw new IllegalArgumentException("a ROC curve needs pairs of both kinds, got " + same.length
          + " of one person and " + different.length + " of two people");
    }
    return new RocCurve(sorted(same), sorted(different));
  }

  /**
   * Returns the curve of genuine and impostor pairs, given by lists of their cosines.
   *
   * @param same cosines of genuine pairs (two photos of one person), -1 to 1; at least one
   * @param different cosines of impostor pairs (photos of two people), -1 to 1; at least one
   * @return the curve
   * @throws IllegalArgumentException if there are no genuine pairs or no impostor pairs
   */
  public static RocCurve of(List<Double> same, List<Double> different) {
    return of(array(same), array(different));
  }

  /**
   * Returns the area under the curve: the probability that a genuine pair is more similar than an
   * impostor pair. Ties count half (Mann and Whitney 1947).
   *
   * @return the area, 0 to 1; 0.5 means no separation
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

  /**
   * Returns the smallest cosine threshold at which the share of all impostor pairs that are
   * accepted is at most {@code rate}. A pair is accepted if its cosine reaches the threshold.
   *
   * @param rate allowed false accept rate, 0 to 1
   * @return the threshold; -1 if all impostor pairs may be accepted
   * @throws IllegalArgumentException if the rate is not in 0..1
   */
  public double thresholdAt(double rate) {
    if (!(rate >= 0 && rate <= 1)) {
      throw new IllegalArgumentException("a false accept rate must be in 0..1, got " + rate);
    }
    int passing = (int) Math.floor(rate * impostors.length);
    return passing >= impostors.length
        ? -1
        : Math.nextUp(impostors[impostors.length - 1 - passing]);
  }

  /**
   * Returns the true accept rate at a false accept rate (TAR at FAR): the share of genuine pairs
   * whose cosine reaches the threshold {@link #thresholdAt thresholdAt(rate)}.
   *
   * @param rate allowed false accept rate, 0 to 1
   * @return the true accept rate, 0 to 1
   * @throws IllegalArgumentException if the rate is not in 0..1
   */
  public double trueAcceptRateAt(double rate) {
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
