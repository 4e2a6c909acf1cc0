/**
 * Face embeddings: faces as vectors whose cosine measures their similarity.
 *
 * <p>{@link FaceEmbedder} is the interface. {@link OnnxEmbedder} runs any ArcFace-like ONNX file.
 * An {@link EmbedderSpec} describes the file: alignment, channel order, the cosine from which two
 * faces count as one person, and the licence of the weights. {@link UsePolicy#COMMERCIAL} refuses
 * embedders whose licence forbids commercial use. Embeddings are biometric data: they are never
 * logged.
 *
 * <pre>{@code
 * RgbImage a = RgbImage.read(Path.of("a.png"));
 * RgbImage b = RgbImage.read(Path.of("b.png"));
 * try (FaceDetector detector = YuNetDetector.open(Path.of("yunet.onnx"));
 *     FaceEmbedder embedder = OnnxEmbedder.open(
 *         Path.of("auraface.onnx"), EmbedderSpec.AURAFACE, UsePolicy.COMMERCIAL)) {
 *   float[] one = embedder.embed(a, detector.detect(a).get(0));
 *   float[] other = embedder.embed(b, detector.detect(b).get(0));
 *   System.out.println(FaceEmbedder.cosine(one, other) >= embedder.samePersonThreshold());
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.photos.embed;

import org.jspecify.annotations.NullMarked;
