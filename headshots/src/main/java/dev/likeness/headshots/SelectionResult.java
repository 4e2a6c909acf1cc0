package dev.likeness.headshots;

import dev.likeness.headshots.score.ScoreCard;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which candidates are kept, and why or why not each. Immutable.
 *
 * @param verdicts one a candidate, in their order
 */
public record SelectionResult(List<Verdict> verdicts) {
  /**
   * What became of one candidate.
   *
   * @param candidate the picture and its scores
   * @param merit what it is worth beside the others, 0 to 1
   * @param place from 1 for the first that was kept; 0 for one that was not
   * @param reason why, for people
   */
  public record Verdict(Candidate candidate, double merit, int place, String reason) {
    /** Whether it was kept. */
    public boolean kept() {
      return place > 0;
    }
  }

  public SelectionResult {
    verdicts = List.copyOf(verdicts);
  }

  /**
   * Keeps {@code count} of the candidates: always the one with the most merit times its distance
   * from those kept already. What fails a score is kept only when nothing better is left, what
   * shows no face or the same picture again never. A score that more than half of eight or more
   * candidates fail counts against none of them, since it is the base's, or the person's; but
   * likeness and a second face always count.
   */
  public static SelectionResult of(List<Candidate> candidates, int count) {
    return new Ranking(candidates).of(count);
  }

  /** The kept headshots, the best first. */
  public List<Headshot> kept() {
    return verdicts.stream()
        .filter(Verdict::kept)
        .sorted((a, b) -> Integer.compare(a.place(), b.place()))
        .map(verdict -> verdict.candidate().headshot())
        .toList();
  }

  /**
   * One object a candidate, for records: which file it became or none, merit and what it comes of,
   * reason, scores.
   */
  public List<Map<String, Object>> asList() {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Verdict verdict : verdicts) {
      Candidate candidate = verdict.candidate();
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("file", verdict.kept() ? Headshot.fileName(verdict.place() - 1) : null);
      entry.put("style", candidate.headshot().style().name());
      entry.put("seed", candidate.headshot().seed());
      entry.put("prompt", candidate.headshot().request().prompt());
      entry.put("kept", verdict.kept());
      entry.put("reason", verdict.reason());
      entry.put("merit", Math.round(1e4 * verdict.merit()) / 1e4);
      entry.put("obedience", Double.isNaN(candidate.obedience()) ? null : candidate.obedience());
      entry.put("repaired", candidate.repaired());
      entry.put(
          "held_likeness",
          Double.isNaN(candidate.heldLikeness()) ? null : candidate.heldLikeness());
      entry.put("scores", candidate.card().asList());
      list.add(entry);
    }
    return list;
  }

  /**
   * A headshot that may be kept.
   *
   * @param headshot the picture
   * @param card its scores
   * @param obedience how clearly it shows what its prompt asked, 0 to 1; NaN when that was not
   *     measured
   * @param repaired whether its face was drawn again
   * @param heldLikeness the cosine of its face to the person's by what held it while it was drawn,
   *     -1 to 1, where no face was found -1; NaN where nothing held it
   */
  public record Candidate(
      Headshot headshot, ScoreCard card, double obedience, boolean repaired, double heldLikeness) {}
}
