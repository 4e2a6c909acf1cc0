package dev.likeness.photos.face;

/**
 * A point in an image, in pixels.
 *
 * @param x distance from the left edge of the image
 * @param y distance from the top edge of the image
 */
public record Point(double x, double y) {
  /**
   * Checks that both numbers are finite.
   *
   * @throws IllegalArgumentException if a number is NaN or infinite
   */
  public Point {
    if (!Double.isFinite(x) || !Double.isFinite(y)) {
      throw new IllegalArgumentException("a point must have finite numbers, got " + x + ", " + y);
    }
  }

  /**
   * Returns the point after scaling the image.
   *
   * @param factor the scale, above 0
   * @return the scaled point
   */
  public Point scaled(double factor) {
    return new Point(x * factor, y * factor);
  }

  /**
   * Returns the point after moving it.
   *
   * @param dx distance to the right, in pixels
   * @param dy distance downwards, in pixels
   * @return the moved point
   */
  public Point moved(double dx, double dy) {
    return new Point(x + dx, y + dy);
  }

  /**
   * Returns the Euclidean distance to another point.
   *
   * @param other the other point
   * @return the distance in pixels
   */
  public double distance(Point other) {
    return Math.hypot(x - other.x, y - other.y);
  }

  /**
   * Returns the point in the middle between this point and another point.
   *
   * @param other the other point
   * @return the middle
   */
  public Point midpoint(Point other) {
    return new Point((x + other.x) / 2, (y + other.y) / 2);
  }
}
