package dev.likeness.headshots.score;

import java.util.Locale;

/**
 * One score of one picture.
 *
 * @param aspect of what
 * @param value measured, in the aspect's unit
 * @param threshold beyond which it fails
 * @param passed whether it is within the threshold
 */
public record Score(Aspect aspect, double value, double threshold, boolean passed) {
  /** A score that fails when it is more than {@code most}; NaN fails. */
  static Score atMost(Aspect aspect, double value, double most) {
    return new Score(aspect, value, most, value <= most);
  }

  /** A score that fails when it is less than {@code least}; NaN fails. */
  static Score atLeast(Aspect aspect, double value, double least) {
    return new Score(aspect, value, least, value >= least);
  }

  /** Why it fails, with both numbers; or that it is well. */
  public String reason() {
    String numbers = String.format(Locale.ROOT, "%.3g, limit %.3g", value, threshold);
    return passed ? aspect.word() + " is well (" + numbers + ")" : aspect.complaint() + " (" + aspect.word() + " "
        + numbers + ")";
  }

  /** The threshold in words, such as {@code at most 0.439}. */
  public String limit() {
    return String.format(Locale.ROOT, "%s %.3g", aspect == Aspect.LIKENESS ? "at least" : "at most", threshold);
  }

  /** How good it is, 0 to 1: 0.5 at the threshold, more within it. */
  double goodness() {
    if (Double.isNaN(value)) {
      return 0;
    }
    if (aspect == Aspect.LIKENESS) {
      return Math.max(0, Math.min(1, 0.5 + 0.5 * (value - threshold) / (1 - threshold)));
    }
    double share = Math.max(0, value) / Math.max(1e-9, threshold);
    return 1 / (1 + share * share);
  }
}
