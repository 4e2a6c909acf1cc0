package dev.likeness.headshots.shoot;

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
   * @param candidate the image and its scores
   * @param rankingScore what it is worth beside the others, 0 to 1
   * @param rank from 1 for the first that was kept; 0 for one that was not
   * @param reason why, for people
   */
  public record Verdict(Candidate candidate, double rankingScore, int rank, String reason) {
    /** Whether it was kept. */
    public boolean isSelected() {
      return rank > 0;
    }
  }

  public SelectionResult {
    verdicts = List.copyOf(verdicts);
  }

  /**
   * Keeps {@code count} of the candidates: always the one with the most merit times its distance
   * from those kept already. What fails a score is kept only when nothing better is left, what
   * shows no face or the same image again never. A score that more than half of eight or more
   * candidates fail counts against none of them, since it is the base's, or the person's; but
   * likeness and a second face always count.
   */
  public static SelectionResult of(List<Candidate> candidates, int count) {
    return new Ranking(candidates).select(count);
  }

  /** The kept headshots, the best first. */
  public List<Headshot> selected() {
    return verdicts.stream()
        .filter(Verdict::isSelected)
        .sorted((a, b) -> Integer.compare(a.rank(), b.rank()))
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
      entry.put("file", verdict.isSelected() ? Headshot.fileName(verdict.rank() - 1) : null);
      entry.put("style", candidate.headshot().style().name());
      entry.put("seed", candidate.headshot().seed());
      entry.put("prompt", candidate.headshot().request().prompt());
      entry.put("selected", verdict.isSelected());
      entry.put("reason", verdict.reason());
      entry.put("ranking_score", Math.round(1e4 * verdict.rankingScore()) / 1e4);
      entry.put(
          "prompt_adherence",
          Double.isNaN(candidate.promptAdherence()) ? null : candidate.promptAdherence());
      entry.put("face_regenerated", candidate.hasRegeneratedFace());
      entry.put(
          "guidance_likeness",
          Double.isNaN(candidate.guidanceLikeness()) ? null : candidate.guidanceLikeness());
      entry.put("scores", candidate.card().asList());
      list.add(entry);
    }
    return list;
  }

  /**
   * A headshot that may be kept.
   *
   * @param headshot the image
   * @param card its scores
   * @param promptAdherence how clearly it shows what its prompt asked, 0 to 1; NaN when that was
   *     not measured
   * @param hasRegeneratedFace whether its face was drawn again
   * @param guidanceLikeness the cosine of its face to the person's by what held it while it was
   *     drawn, -1 to 1, where no face was found -1; NaN where nothing held it
   */
  public record Candidate(
      Headshot headshot,
      ScoreCard card,
      double promptAdherence,
      boolean hasRegeneratedFace,
      double guidanceLikeness) {}
}
