package dev.likeness.photos.face;

/** A place in an image, in pixels from its left and top edges. */
public record Point(double x, double y) {
  /** The place after scaling the image. */
  public Point scaled(double factor) {
    return new Point(x * factor, y * factor);
  }

  /** The place after moving by ({@code dx}, {@code dy}). */
  public Point moved(double dx, double dy) {
    return new Point(x + dx, y + dy);
  }

  /** How far the two are apart, in pixels. */
  public double distance(Point other) {
    return Math.hypot(x - other.x, y - other.y);
  }

  /** The middle between the two. */
  public Point midpoint(Point other) {
    return new Point((x + other.x) / 2, (y + other.y) / 2);
  }
}
