package dev.likeness.headshots;

import dev.likeness.headshots.score.ScoreCard;

/**
 * A headshot that may be kept.
 *
 * @param headshot the picture
 * @param card its scores
 * @param obedience how clearly it shows what its prompt asked, 0 to 1; NaN when that was not
 *     measured
 * @param repaired whether its face was drawn again
 * @param heldLikeness the cosine of its face to the person's by what held it while it was drawn, -1
 *     to 1, where no face was found -1; NaN where nothing held it
 */
public record Candidate(
    Headshot headshot, ScoreCard card, double obedience, boolean repaired, double heldLikeness) {}
