package dev.likeness.photos.face;

/**
 * The centres of the two eyes as they lie in the picture: {@code left} is the one nearer its left
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
