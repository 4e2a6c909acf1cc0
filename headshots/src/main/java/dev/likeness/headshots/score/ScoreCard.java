package dev.likeness.headshots.score;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The scores of one picture. Immutable.
 *
 * @param scores one an aspect that could be measured
 */
public record ScoreCard(List<Score> scores) {
  public ScoreCard {
    scores = List.copyOf(scores);
  }

  /** One aspect's score; empty when it was not measured. */
  public Optional<Score> of(ScoreAspect aspect) {
    return scores.stream().filter(score -> score.aspect() == aspect).findFirst();
  }

  /** What failed, in the order of {@link #scores}. */
  public List<Score> failures() {
    return scores.stream().filter(score -> !score.passed()).toList();
  }

  /** How good the picture is without its likeness, 0 to 1: the geometric mean over the aspects. */
  public double quality() {
    double logarithms = 0;
    int n = 0;
    for (Score score : scores) {
      if (score.aspect() != ScoreAspect.LIKENESS) {
        logarithms += Math.log(Math.max(1e-6, score.goodness()));
        n++;
      }
    }
    return n == 0 ? 1 : Math.exp(logarithms / n);
  }

  /**
   * How alike it is, 0 to 1 with 0.5 at the threshold; 1 when there was nothing to measure it with.
   */
  public double likeness() {
    return of(ScoreAspect.LIKENESS).map(Score::goodness).orElse(1.0);
  }

  /** One object a score, for records and reports. */
  public List<Map<String, Object>> asList() {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Score score : scores) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("aspect", score.aspect().word());
      entry.put("value", Double.isFinite(score.value()) ? rounded(score.value()) : null);
      score
          .interval()
          .ifPresent(
              range -> entry.put("interval", List.of(rounded(range.low()), rounded(range.high()))));
      entry.put("threshold", rounded(score.threshold()));
      entry.put("passed", score.passed());
      entry.put("reason", score.reason());
      list.add(entry);
    }
    return list;
  }

  private static double rounded(double value) {
    return Math.round(1e4 * value) / 1e4;
  }
}
