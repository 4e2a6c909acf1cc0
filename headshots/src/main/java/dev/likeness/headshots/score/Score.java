package dev.likeness.headshots.score;

import dev.likeness.photos.likeness.ConfidenceInterval;
import dev.likeness.photos.likeness.LikenessScore;
import java.util.Locale;
import java.util.Optional;

/**
 * One score of one picture.
 *
 * @param aspect of what
 * @param value measured, in the aspect's unit
 * @param threshold beyond which it fails
 * @param passed whether it is within the threshold
 * @param interval that the value lies in with 95 % confidence, where that is known: of likeness to
 *     several photos
 */
public record Score(
    ScoreAspect aspect,
    double value,
    double threshold,
    boolean passed,
    Optional<ConfidenceInterval> interval) {
  /** A score that says nothing of how sure its value is. */
  public Score(ScoreAspect aspect, double value, double threshold, boolean passed) {
    this(aspect, value, threshold, passed, Optional.empty());
  }

  /** A score that fails when it is more than {@code most}; NaN fails. */
  static Score atMost(ScoreAspect aspect, double value, double most) {
    return new Score(aspect, value, most, value <= most);
  }

  /**
   * The score of a likeness, which fails when it is less than {@code least} or its detector found
   * no face.
   */
  static Score likeness(LikenessScore measured, double least) {
    ConfidenceInterval interval = measured.interval();
    return new Score(
        ScoreAspect.LIKENESS,
        measured.cosine(),
        least,
        measured.cosine() >= least,
        Optional.of(interval).filter(range -> range.low() < range.high()));
  }

  /** Why it fails, with both numbers; or that it is well. */
  public String reason() {
    String numbers = shown() + String.format(Locale.ROOT, ", limit %.3g", threshold);
    return passed
        ? aspect.word() + " is well (" + numbers + ")"
        : complaint() + " (" + aspect.word() + " " + numbers + ")";
  }

  /** What is wrong when it fails, in words. */
  public String complaint() {
    return Double.isNaN(value) ? "no face was found to measure it on" : aspect.complaint();
  }

  /** The value and the range that it lies in, such as {@code 0.612, 95 % 0.574 to 0.651}. */
  public String shown() {
    return Double.isNaN(value)
        ? "none"
        : String.format(Locale.ROOT, "%.3g", value)
            + interval
                .map(range ->
                    String.format(Locale.ROOT, ", 95 %% %.3g to %.3g", range.low(), range.high()))
                .orElse("");
  }

  /** The threshold in words, such as {@code at most 0.439}. */
  public String limit() {
    return String.format(
        Locale.ROOT, "%s %.3g", aspect == ScoreAspect.LIKENESS ? "at least" : "at most", threshold);
  }

  /** How good it is, 0 to 1: 0.5 at the threshold, more within it. */
  double goodness() {
    if (Double.isNaN(value)) {
      return 0;
    }
    if (aspect == ScoreAspect.LIKENESS) {
      return Math.max(
          0, Math.min(1, 0.5 + 0.5 * (value - threshold) / Math.max(1e-9, 1 - threshold)));
    }
    double share = Math.max(0, value) / Math.max(1e-9, threshold);
    return 1 / (1 + share * share);
  }
}
