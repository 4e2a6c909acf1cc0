/**
 * Detects faces, and crops and aligns them.
 *
 * <p>A {@link FaceDetector} returns each {@link Face} with a {@link BoundingBox} and a
 * {@link HeadPose}. If the detector finds eyes or five landmarks, the face contains them.
 * {@link CascadeDetector} needs no file. {@link YuNetDetector} runs OpenCV's YuNet file and finds
 * more faces. A {@link HeadCrop} is a square crop around a head. An {@link AlignmentTemplate} maps
 * landmarks to the positions that a face embedder expects. Detectors are thread-safe, and the
 * caller closes them.
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
@NullMarked
package dev.likeness.photos.face;

import org.jspecify.annotations.NullMarked;
