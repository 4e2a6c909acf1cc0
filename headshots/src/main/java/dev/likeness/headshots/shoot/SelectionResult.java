package dev.likeness.headshots.shoot;

import dev.likeness.headshots.score.ScoreCard;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The result of a selection, with a reason for each candidate. Immutable.
 *
 * @param verdicts one verdict for each candidate, in the order of the candidates
 */
public record SelectionResult(List<Verdict> verdicts) {
  /**
   * The verdict on one candidate.
   *
   * @param candidate the image and its scores
   * @param rankingScore how the image compares with the other candidates, 0 to 1; higher is better
   * @param rank the place in the order of selection, 1 for the best; 0 if the image was not kept
   * @param reason the reason for keeping the image or not, for users
   */
  public record Verdict(Candidate candidate, double rankingScore, int rank, String reason) {
    /** {@return true if the image was kept} */
    public boolean isSelected() {
      return rank > 0;
    }
  }

  /** Copies the verdicts. */
  public SelectionResult {
    verdicts = List.copyOf(verdicts);
  }

  /**
   * Selects up to {@code count} candidates, one at a time. Each time, it selects the candidate with
   * the highest product of the ranking score and a factor that grows with the distance from the
   * images selected before.
   *
   * <p>An image with a failed score is selected only if no image without a failed score is left.
   * The product of an image with failed scores is divided by 1 plus their number. An image without
   * a face, or nearly the same as a selected image, is never selected.
   *
   * <p>If there are at least eight candidates and more than half of them fail an aspect, their
   * failed scores of this aspect are ignored. The cause is then probably the base or the person,
   * not the image. Failed scores of likeness and of the number of faces are never ignored.
   *
   * @param candidates the images with their scores
   * @param count the number of images to select, at least 1
   * @return one verdict for each candidate
   * @throws IllegalArgumentException if the number is below 1
   */
  public static SelectionResult of(List<Candidate> candidates, int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "the number of images to select must be at least 1, got " + count);
    }
    return new Ranking(candidates).select(count);
  }

  /** {@return the kept headshots, the best first} */
  public List<Headshot> selected() {
    return verdicts.stream()
        .filter(Verdict::isSelected)
        .sorted((a, b) -> Integer.compare(a.rank(), b.rank()))
        .map(verdict -> verdict.candidate().headshot())
        .toList();
  }

  /**
   * The verdicts as objects of {@code record.json}. An object contains style, seed, prompt, reason,
   * ranking score, prompt adherence, likeness by the embedder of face guidance, and all scores. It
   * states whether the image was kept and whether its face was generated again. The object of a
   * kept image also contains the file name.
   *
   * @return one object for each candidate
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
   * @param card the scores of the image
   * @param promptAdherence how clearly the image shows the words of its prompt, 0 to 1; NaN if not
   *     measured
   * @param hasRegeneratedFace true if the face in the image was generated again
   * @param guidanceLikeness cosine similarity of face and person, measured with the face embedder
   *     of face guidance, -1 to 1; -1 if no face was found; NaN without face guidance
   */
  public record Candidate(
      Headshot headshot,
      ScoreCard card,
      double promptAdherence,
      boolean hasRegeneratedFace,
      double guidanceLikeness) {}
}
