package dev.likeness.ipadapter;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.face.KeypointImage;
import dev.likeness.photos.internal.face.KeypointPose;
import java.util.Arrays;
import java.util.List;

/**
 * Images of the five keypoints of a face, which the ControlNet of InstantID takes
 * ({@link ImagePrompt#withControl}). The keypoints set the place, the size and the pose of the face
 * in the generated image.
 */
public final class FaceKeypoints {
  private FaceKeypoints() {}

  /**
   * {@return the keypoints of a face in a photo, for an image of another size} The whole photo is
   * scaled to fit into the image, and centred.
   *
   * @param face the face, with landmarks
   * @param photo the photo
   * @param width width of the generated image in pixels, at least 1
   * @param height height of the generated image in pixels, at least 1
   * @throws InvalidInputException if the detector of the face finds no landmarks
   * @throws dev.likeness.diffusion.error.ResourceLimitException if OpenCV's native libraries are
   *     missing
   */
  public static RgbImage asInPhoto(Face face, RgbImage photo, int width, int height) {
    Face.Landmarks landmarks = face.landmarks()
        .orElseThrow(() -> new InvalidInputException(
            "the face has no landmarks, which its image of keypoints needs; find the face with a"
                + " detector that finds landmarks, such as YuNetDetector"));
    return asInPhoto(new InPhoto(landmarks, photo.width(), photo.height()), width, height);
  }

  /**
   * The keypoints of a face in a photo. A program can keep them without the photo.
   *
   * @param landmarks the landmarks, in pixels of the photo
   * @param width width of the photo in pixels, at least 1
   * @param height height of the photo in pixels, at least 1
   */
  public record InPhoto(Face.Landmarks landmarks, int width, int height) {
    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException if a side is below 1
     */
    public InPhoto {
      if (width < 1 || height < 1) {
        throw new IllegalArgumentException(
            "the photo of keypoints must have sides of at least 1, got " + width + " by " + height);
      }
    }
  }

  /**
   * {@return the keypoints of a face in a photo, for an image of another size} The whole photo is
   * scaled to fit into the image, and centred.
   *
   * @param face the keypoints in the photo
   * @param width width of the generated image in pixels, at least 1
   * @param height height of the generated image in pixels, at least 1
   * @throws dev.likeness.diffusion.error.ResourceLimitException if OpenCV's native libraries are
   *     missing
   */
  public static RgbImage asInPhoto(InPhoto face, int width, int height) {
    return KeypointImage.of(
        width,
        height,
        KeypointPose.asInPhoto(face.landmarks, face.width, face.height, width, height));
  }

  /**
   * {@return the keypoints of a mean head in a named pose}
   *
   * @param pose one of {@link #poses()}
   * @param eyeDistance distance of the eyes of a head that looks into the camera, as a share of the
   *     shorter side, above 0 and at most 1; 0.2 for a headshot
   * @param width width of the generated image in pixels, at least 1
   * @param height height of the generated image in pixels, at least 1
   * @throws InvalidInputException if there is no such pose; the message lists all
   * @throws IllegalArgumentException if a size or the eye distance is out of its range
   * @throws dev.likeness.diffusion.error.ResourceLimitException if OpenCV's native libraries are
   *     missing
   */
  public static RgbImage ofPose(String pose, double eyeDistance, int width, int height) {
    return KeypointImage.of(
        width, height, KeypointPose.parse(pose).keypoints(width, height, eyeDistance));
  }

  /**
   * {@return an image of keypoints as a part of a larger image, which is black elsewhere} For
   * several people in one image, each with an own image of keypoints.
   *
   * @param keypoints the keypoints of one face
   * @param x the column of the larger image where {@code keypoints} begins, at least 0
   * @param y the row where it begins, at least 0
   * @param width width of the larger image in pixels
   * @param height height of the larger image in pixels
   * @throws IllegalArgumentException if {@code keypoints} does not lie inside the larger image
   */
  public static RgbImage placed(RgbImage keypoints, int x, int y, int width, int height) {
    if (x < 0 || y < 0 || x + keypoints.width() > width || y + keypoints.height() > height) {
      throw new IllegalArgumentException("an image of keypoints of " + keypoints.width() + " by "
          + keypoints.height() + " pixels at " + x + ", " + y + " is not inside an image of "
          + width + " by " + height + " pixels");
    }
    byte[] part = keypoints.rgb();
    byte[] rgb = new byte[3 * width * height];
    for (int row = 0; row < keypoints.height(); row++) {
      System.arraycopy(
          part,
          3 * row * keypoints.width(),
          rgb,
          3 * ((y + row) * width + x),
          3 * keypoints.width());
    }
    return RgbImage.of(width, height, rgb);
  }

  /** {@return the names of the head poses, such as {@code slightly-left}} */
  public static List<String> poses() {
    return Arrays.stream(KeypointPose.values()).map(KeypointPose::title).toList();
  }
}
