/**
 * Measures likeness: how similar the face of an image is to the photos of a person.
 *
 * <p>{@link ValidationSplit} splits a person's photos into training photos and held-out photos.
 * {@link Likeness} compares images with the held-out photos and gives each image a
 * {@link LikenessScore}. A {@link LikenessReport} sums up the scores, with
 * {@link ConfidenceInterval confidence intervals}. If photos of other people are given, the report
 * also has a {@link RocCurve}. If an embedder was used to generate the images, the scores with the
 * same embedder are too high. {@link Likeness#conditionedBy(String)} marks reports with such scores
 * as not independent.
 *
 * <pre>{@code
 * PhotoReview review = PhotoReview.of(PhotoSet.from(Path.of("selfies")));
 * ValidationSplit split = ValidationSplit.of(review.accepted()); // train on split.training()
 * try (FaceDetector detector = new CascadeDetector();
 *     FaceEmbedder embedder = OnnxEmbedder.open(
 *         Path.of("sface.onnx"), EmbedderSpec.SFACE, UsePolicy.COMMERCIAL)) {
 *   Likeness likeness = Likeness.of(split, detector, embedder);
 *   System.out.println(likeness.score(RgbImage.read(Path.of("headshot-001.png"))).cosine());
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.photos.likeness;

import org.jspecify.annotations.NullMarked;
