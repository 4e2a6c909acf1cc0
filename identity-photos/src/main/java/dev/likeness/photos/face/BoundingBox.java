package dev.likeness.photos.face;

/** An upright rectangle in an image, in pixels; may reach over the image's edge. */
public record BoundingBox(double x, double y, double width, double height) {
  public BoundingBox {
    if (!(width > 0 && height > 0)) {
      throw new IllegalArgumentException(
          "a box has a positive size, given " + width + "x" + height);
    }
  }

  /** The middle of the box. */
  public Point center() {
    return new Point(x + width / 2, y + height / 2);
  }

  /** Width times height, in square pixels. */
  public double area() {
    return width * height;
  }

  /** The box after scaling the image. */
  public BoundingBox scaled(double factor) {
    return new BoundingBox(x * factor, y * factor, width * factor, height * factor);
  }

  /** The box after moving by ({@code dx}, {@code dy}). */
  public BoundingBox moved(double dx, double dy) {
    return new BoundingBox(x + dx, y + dy, width, height);
  }

  /** The box grown about its centre by {@code share} of its size on every side. */
  public BoundingBox expanded(double share) {
    return new BoundingBox(
        x - share * width, y - share * height, width * (1 + 2 * share), height * (1 + 2 * share));
  }

  /** Whether {@code p} lies inside; the right and lower edges do not. */
  public boolean contains(Point p) {
    return p.x() >= x && p.x() < x + width && p.y() >= y && p.y() < y + height;
  }

  /** The common area, in square pixels; 0 when apart. */
  public double intersection(BoundingBox other) {
    double w = Math.min(x + width, other.x + other.width) - Math.max(x, other.x);
    double h = Math.min(y + height, other.y + other.height) - Math.max(y, other.y);
    return w > 0 && h > 0 ? w * h : 0;
  }

  /** Common area over joint area, 0 to 1. */
  public double iou(BoundingBox other) {
    double common = intersection(other);
    return common / (area() + other.area() - common);
  }

  /** Common area over the smaller one's, 0 to 1: 1 when one lies inside the other. */
  public double intersectionOverMin(BoundingBox other) {
    return intersection(other) / Math.min(area(), other.area());
  }
}
