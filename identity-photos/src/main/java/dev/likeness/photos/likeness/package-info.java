/**
 * Likeness, measured: how sure one may be that an image shows a person.
 *
 * <p>{@link ValidationSplit} splits a person's photos into those to train on and those kept to
 * measure with. {@link Likeness} compares images with the held-out photos and gives each a
 * {@link LikenessScore} on the person's own scale; a {@link LikenessReport} sums up many, with
 * {@link ConfidenceInterval confidence intervals} and, if photos of other people are given, a
 * {@link RocCurve}. The encoder that measures must have taken no part in conditioning;
 * {@link Likeness#conditionedBy(String)} marks one that did.
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
package dev.likeness.photos.likeness;
