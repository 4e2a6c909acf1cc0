package dev.likeness.headshots.choice;

import dev.likeness.headshots.Headshot;
import dev.likeness.headshots.score.ScoreCard;
import java.util.List;

/**
 * A headshot that may be kept.
 *
 * @param headshot the picture
 * @param card its scores
 * @param obedience how clearly it shows what its prompt asked, 0 to 1; NaN when that was not measured
 * @param repaired whether its face was drawn again
 * @param looks how like the person its face is in other looks than the one that its card tells of: that of what held it while it was
 *     drawn, then the judge's and that with the face where the cascades find it, as far as they were taken; cosines, -1 to 1, NaN where a look found no face
 */
public record Candidate(Headshot headshot, ScoreCard card, double obedience, boolean repaired, List<Double> looks) {
  public Candidate {
    looks = List.copyOf(looks);
  }

  /** Of a picture that nobody but the judge looked at. */
  public Candidate(Headshot headshot, ScoreCard card, double obedience, boolean repaired) {
    this(headshot, card, obedience, repaired, List.of());
  }
}
