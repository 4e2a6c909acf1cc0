/**
 * Scores of a headshot: likeness, and everything that speaks against it.
 *
 * <p>{@link HeadshotScores} measures an image in each {@link ScoreAspect} (faces, sharpness, light,
 * eyes, skin, hands, background and more) and returns a {@link ScoreCard}: each score has a value,
 * a limit and a reason; values grow with the flaw. {@link ScoreLimits} are built in, brought by a
 * base model's folder, or the caller's own. Likeness counts if a
 * {@link dev.likeness.photos.likeness.Likeness} is given.
 *
 * <pre>{@code
 * try (FaceDetector detector = new CascadeDetector()) {
 *   ScoreCard card = HeadshotScores.of(detector).score(RgbImage.read(Path.of("headshot-001.png")));
 *   card.failures().forEach(System.out::println);
 * }
 * }</pre>
 */
package dev.likeness.headshots.score;
