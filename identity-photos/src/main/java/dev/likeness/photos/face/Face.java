package dev.likeness.photos.face;

import java.util.List;
import java.util.Optional;

/**
 * A face found in an image.
 *
 * @param box from above the brows to the chin, ear to ear
 * @param score the detector's certainty, 0 to 1
 * @param pose how the head is turned; cascades only tell frontal from the two profiles (yaw 0, -60
 *     or 60)
 * @param eyes where the eyes are, when they were seen open and uncovered
 * @param landmarks the five points, when the detector gives them
 */
public record Face(
    BoundingBox box,
    double score,
    HeadPose pose,
    Optional<Eyes> eyes,
    Optional<Landmarks> landmarks) {
  public Face {
    if (!(score >= 0 && score <= 1)) {
      throw new IllegalArgumentException("a face's score lies in 0..1, given " + score);
    }
  }

  /**
   * The square from above the brows to the chin that the landmarks span, where there are some:
   * whatever lies on a face moves its box, and less so these. Without landmarks the box.
   */
  public BoundingBox region() {
    return landmarks.map(Face::regionAround).orElse(box);
  }

  // Eyes lie at 30 % and 70 % across and 39 % down, the mouth 46 % below them; a turned head
  // narrows the former.
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
   * The centres of the two eyes as they lie in the image: {@code left} is the one nearer its left
   * edge.
   */
  public record Eyes(Point left, Point right) {
    public Eyes {
      if (left.x() > right.x()) {
        throw new IllegalArgumentException(
            "the left eye lies right of the right one: " + left + ", " + right);
      }
    }

    /** How far the head leans, in degrees; positive when the right eye is the lower one. */
    public double roll() {
      return Math.toDegrees(Math.atan2(right.y() - left.y(), right.x() - left.x()));
    }

    /** How far the eyes are apart, in pixels. */
    public double distance() {
      return left.distance(right);
    }
  }

  /** Five points of a face; left and right are the image's sides, not the person's. */
  public record Landmarks(
      Point leftEye, Point rightEye, Point nose, Point leftMouth, Point rightMouth) {
    /**
     * The points in the order of every five-point template: eyes, nose, corners of the mouth, left
     * before right.
     */
    public List<Point> points() {
      return List.of(leftEye, rightEye, nose, leftMouth, rightMouth);
    }

    /** The landmarks after scaling the image and then moving by ({@code dx}, {@code dy}). */
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
