/**
 * Finding faces, and the geometry of a face.
 *
 * <p>A {@link FaceDetector} returns each {@link Face} with its {@link BoundingBox},
 * {@link HeadPose}, and eyes or five landmarks where the detector finds them.
 * {@link CascadeDetector} comes with the library; {@link YuNetDetector} runs OpenCV's YuNet file
 * and is the better one. A {@link HeadCrop} frames a head in a square, an {@link AlignmentTemplate}
 * brings landmarks to where a face embedder expects them. Detectors are shared by threads and
 * closed by their caller.
 *
 * <pre>{@code
 * RgbImage photo = RgbImage.read(Path.of("selfie.jpg"));
 * try (FaceDetector detector = new CascadeDetector()) {
 *   for (Face face : detector.detect(photo)) {
 *     HeadCrop crop = HeadCrop.of(face.box(), photo);
 *     crop.of(photo, 256).writePng(Path.of("head-" + crop.x() + ".png"));
 *   }
 * }
 * }</pre>
 */
package dev.likeness.photos.face;
