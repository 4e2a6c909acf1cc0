package dev.likeness.headshots.choice;

import dev.likeness.headshots.Headshot;
import dev.likeness.headshots.score.ScoreCard;

/**
 * A headshot that may be kept.
 *
 * @param headshot the picture
 * @param card its scores
 * @param obedience how clearly it shows what its prompt asked rather than another of its style, 0 to 1; NaN when that was
 *     not measured
 * @param repaired whether its face was drawn again
 */
public record Candidate(Headshot headshot, ScoreCard card, double obedience, boolean repaired) { }
