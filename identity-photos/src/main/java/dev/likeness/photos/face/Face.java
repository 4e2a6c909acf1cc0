package dev.likeness.photos.face;

import java.util.List;
import java.util.Optional;

/**
 * A face found in an image. All coordinates are pixels of that image.
 *
 * @param box the face from above the brows to the chin and from ear to ear
 * @param score the detector's confidence, 0 to 1
 * @param pose rotation of the head; {@link CascadeDetector} reports a pitch of 0, and a yaw of 0,
 *     -60 or 60 degrees
 * @param eyes centres of the eyes; empty if they are closed, covered or not found
 * @param landmarks five landmarks; empty if the detector does not find landmarks
 */
public record Face(
    BoundingBox box,
    double score,
    HeadPose pose,
    Optional<Eyes> eyes,
    Optional<Landmarks> landmarks) {
  /**
   * Checks that the score is in 0..1.
   *
   * @throws IllegalArgumentException if the score is not in 0..1
   */
  public Face {
    if (!(score >= 0 && score <= 1)) {
      throw new IllegalArgumentException("a face's score must be in 0..1, got " + score);
    }
  }

  /**
   * Returns the region from above the brows to the chin. If the face has landmarks, the region is a
   * square computed from them, because objects in front of a face shift landmarks less than the
   * box. Otherwise, the region is {@link #box}.
   *
   * @return the region, in pixels; it may reach over the edge of the image
   */
  public BoundingBox region() {
    return landmarks.map(Face::regionAround).orElse(box);
  }

  // In the square, the eyes are at 30 % and 70 % of the width and 39 % of the height. The mouth is
  // 46 % of the height below them. Rotation to the side reduces the distance of the eyes, so the
  // larger estimate of the side counts.
  private static BoundingBox regionAround(Landmarks points) {
    Point eyes = points.leftEye().midpoint(points.rightEye());
    Point mouth = points.leftMouth().midpoint(points.rightMouth());
    double side =
        Math.max(points.leftEye().distance(points.rightEye()) / 0.4, eyes.distance(mouth) / 0.46);
    double center = eyes.midpoint(mouth).x();
    return new BoundingBox(
        center - side / 2, eyes.y() - 0.39 * side, Math.max(1, side), Math.max(1, side));
  }

  /**
   * The centres of the two eyes. Left and right are the sides of the image, not of the person.
   *
   * @param left the eye nearer to the left edge of the image
   * @param right the eye nearer to the right edge of the image
   */
  public record Eyes(Point left, Point right) {
    /**
     * Checks that the x of {@code left} is not larger than the x of {@code right}.
     *
     * @throws IllegalArgumentException if the x of {@code left} is larger than the x of
     *     {@code right}
     */
    public Eyes {
      if (left.x() > right.x()) {
        throw new IllegalArgumentException(
            "the x of the left eye must not be larger than that of the right eye, got left " + left
                + " and right " + right);
      }
    }

    /**
     * {@return the rotation of the head in the image plane, in degrees; positive if the eye on the
     * right of the image is lower}
     */
    public double roll() {
      return Math.toDegrees(Math.atan2(right.y() - left.y(), right.x() - left.x()));
    }

    /** {@return the distance between the eyes, in pixels} */
    public double distance() {
      return left.distance(right);
    }
  }

  /**
   * Five landmarks of a face. Left and right are the sides of the image, not of the person.
   *
   * @param leftEye centre of the left eye
   * @param rightEye centre of the right eye
   * @param nose tip of the nose
   * @param leftMouth left corner of the mouth
   * @param rightMouth right corner of the mouth
   */
  public record Landmarks(
      Point leftEye, Point rightEye, Point nose, Point leftMouth, Point rightMouth) {
    /**
     * {@return the five points in the order of ArcFace's template: left eye, right eye, nose, left
     * and right corner of the mouth}
     */
    public List<Point> points() {
      return List.of(leftEye, rightEye, nose, leftMouth, rightMouth);
    }

    /**
     * Returns the landmarks after scaling the image and then moving it.
     *
     * @param factor the scale, above 0
     * @param dx distance to the right after scaling, in pixels
     * @param dy distance downwards after scaling, in pixels
     * @return the mapped landmarks
     */
    public Landmarks mapped(double factor, double dx, double dy) {
      return new Landmarks(
          leftEye.scaled(factor).moved(dx, dy),
          rightEye.scaled(factor).moved(dx, dy),
          nose.scaled(factor).moved(dx, dy),
          leftMouth.scaled(factor).moved(dx, dy),
          rightMouth.scaled(factor).moved(dx, dy));
    }
  }
}
