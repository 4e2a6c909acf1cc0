/**
 * Scores of a headshot: likeness to the person, and flaws of the image.
 *
 * <p>{@link HeadshotScores} measures an image in each {@link ScoreAspect} (faces, sharpness, light,
 * eyes, skin, hands, background and more) and returns a {@link ScoreCard}. Each score has a value,
 * a limit and a reason; higher values are worse, except for likeness. {@link ScoreLimits} are built
 * in, read from a base model's folder, or set by the caller. Likeness is scored if a
 * {@link dev.likeness.photos.likeness.Likeness} is given.
 *
 * <pre>{@code
 * try (FaceDetector detector = new CascadeDetector()) {
 *   ScoreCard card = HeadshotScores.of(detector).score(RgbImage.read(Path.of("headshot-001.png")));
 *   card.failures().forEach(System.out::println);
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.headshots.score;

import org.jspecify.annotations.NullMarked;
