package dev.likeness.headshots.score;

import dev.likeness.photos.likeness.ConfidenceInterval;
import dev.likeness.photos.likeness.LikenessScore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The scores of one image. Immutable.
 *
 * @param scores one score for each aspect that could be measured; in an image of several persons,
 *     one score of likeness for each person
 */
public record ScoreCard(List<Score> scores) {
  /** Copies the scores. */
  public ScoreCard {
    scores = List.copyOf(scores);
  }

  /**
   * The score of one aspect. For the likeness to several persons, it is the lowest score.
   *
   * @param aspect the aspect
   * @return the score; empty if the aspect was not measured
   */
  public Optional<Score> of(ScoreAspect aspect) {
    return scores.stream()
        .filter(score -> score.aspect() == aspect)
        .min(Comparator.comparingDouble(Score::quality));
  }

  /** {@return the scores beyond their limits, in the order of {@link #scores}} */
  public List<Score> failures() {
    return scores.stream().filter(score -> !score.isPassed()).toList();
  }

  /**
   * {@return the quality, 0 to 1: the geometric mean over all aspects except likeness, each mapped
   * to 0 to 1}
   */
  public double quality() {
    double logarithms = 0;
    int n = 0;
    for (Score score : scores) {
      if (score.aspect() != ScoreAspect.LIKENESS) {
        logarithms += Math.log(Math.max(1e-6, score.quality()));
        n++;
      }
    }
    return n == 0 ? 1 : Math.exp(logarithms / n);
  }

  /**
   * {@return the likeness mapped to 0 to 1; 1 if it was not measured} The value 0.5 stands for a
   * cosine similarity at the threshold, or of 0 if the threshold is infinite.
   */
  public double likeness() {
    return of(ScoreAspect.LIKENESS).map(Score::quality).orElse(1.0);
  }

  /** {@return one object for each score, in the format of {@code record.json}} */
  public List<Map<String, Object>> asList() {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Score score : scores) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("aspect", score.aspect().label());
      if (score.person() > 0) {
        entry.put("person", score.person());
      }
      entry.put("value", Double.isFinite(score.value()) ? round(score.value()) : null);
      score
          .interval()
          .ifPresent(
              range -> entry.put("interval", List.of(round(range.low()), round(range.high()))));
      entry.put("threshold", score.hasLimit() ? round(score.threshold()) : null);
      entry.put("passed", score.isPassed());
      entry.put("reason", score.reason());
      list.add(entry);
    }
    return list;
  }

  private static double round(double value) {
    return Math.round(1e4 * value) / 1e4;
  }

  /**
   * One score of one image.
   *
   * @param aspect the aspect
   * @param value the measured value in the unit of the aspect; NaN if no face was found
   * @param threshold the limit; infinite if the aspect never fails
   * @param isPassed true if the value is within the limit
   * @param interval the 95 % confidence interval of the value; only the likeness to several photos
   *     has an interval
   * @param person in an image of several persons, the number of the person, from 1; otherwise 0
   */
  public record Score(
      ScoreAspect aspect,
      double value,
      double threshold,
      boolean isPassed,
      Optional<ConfidenceInterval> interval,
      int person) {
    /**
     * Creates a score of an image of one person, without a confidence interval.
     *
     * @param aspect the aspect
     * @param value the measured value in the unit of the aspect; NaN if no face was found
     * @param threshold the limit
     * @param passed true if the value is within the limit
     */
    public Score(ScoreAspect aspect, double value, double threshold, boolean passed) {
      this(aspect, value, threshold, passed, Optional.empty(), 0);
    }

    /** A score that fails above {@code most}, or if it is NaN. */
    static Score atMost(ScoreAspect aspect, double value, double most) {
      return new Score(aspect, value, most, value <= most);
    }

    /** A score of likeness. It fails below {@code least}, or if its detector found no face. */
    static Score likeness(LikenessScore measured, double least, int person) {
      ConfidenceInterval interval = measured.confidenceInterval();
      return new Score(
          ScoreAspect.LIKENESS,
          measured.cosine(),
          least,
          measured.cosine() >= least,
          Optional.of(interval).filter(range -> range.low() < range.high()),
          person);
    }

    /** {@return true if a value can fail: the limit is finite} */
    public boolean hasLimit() {
      return Double.isFinite(threshold);
    }

    /**
     * {@return a sentence for users; it states the flaw, or that the aspect passed, with the value
     * and the limit}
     */
    public String reason() {
      if (!hasLimit() && isPassed) {
        return label() + " has no limit (" + valueText() + ")";
      }
      String numbers = valueText() + String.format(Locale.ROOT, ", limit %.3g", threshold);
      return isPassed
          ? label() + " passed (" + numbers + ")"
          : failureText() + " (" + label() + " " + numbers + ")";
    }

    /** {@return the aspect in words, such as {@code likeness of person 2}} */
    public String label() {
      return aspect.label() + (person == 0 ? "" : " of person " + person);
    }

    /** {@return the flaw of an image that fails, as a clause for users} */
    public String failureText() {
      return Double.isNaN(value)
          ? "no face was found to measure it on"
          : person == 0 ? aspect.failureText() : "no face looks like person " + person;
    }

    /**
     * {@return the value with its confidence interval, such as {@code 0.612, 95 % 0.574 to 0.651}}
     */
    public String valueText() {
      return Double.isNaN(value)
          ? "none"
          : String.format(Locale.ROOT, "%.3g", value)
              + interval
                  .map(range ->
                      String.format(Locale.ROOT, ", 95 %% %.3g to %.3g", range.low(), range.high()))
                  .orElse("");
    }

    /**
     * {@return the limit in words, such as {@code at most 0.439}; {@code none} if there is no
     * limit}
     */
    public String limitText() {
      return hasLimit()
          ? String.format(
              Locale.ROOT,
              "%s %.3g",
              aspect == ScoreAspect.LIKENESS ? "at least" : "at most",
              threshold)
          : "none";
    }

    /** The value mapped to 0 to 1: 0.5 at the limit, higher is better. */
    double quality() {
      if (Double.isNaN(value)) {
        return 0;
      }
      if (aspect == ScoreAspect.LIKENESS && !hasLimit()) {
        return Math.max(0, Math.min(1, 0.5 + 0.5 * value));
      }
      if (aspect == ScoreAspect.LIKENESS) {
        return Math.max(
            0, Math.min(1, 0.5 + 0.5 * (value - threshold) / Math.max(1e-9, 1 - threshold)));
      }
      double share = Math.max(0, value) / Math.max(1e-9, threshold);
      return 1 / (1 + share * share);
    }
  }
}
