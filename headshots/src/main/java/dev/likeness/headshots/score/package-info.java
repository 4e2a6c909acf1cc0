/**
 * What speaks against a headshot, measured: {@link dev.likeness.headshots.score.HeadshotScores}
 * gives each picture a {@link dev.likeness.headshots.score.ScoreCard} of typed scores with value,
 * threshold and reason. Values grow with the flaw.
 */
package dev.likeness.headshots.score;
