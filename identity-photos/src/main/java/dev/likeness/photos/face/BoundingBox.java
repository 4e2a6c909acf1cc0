package dev.likeness.photos.face;

/**
 * An axis-aligned rectangle in an image. It may reach over the edge of the image.
 *
 * @param x left edge, in pixels
 * @param y top edge, in pixels
 * @param width width in pixels, above 0
 * @param height height in pixels, above 0
 */
public record BoundingBox(double x, double y, double width, double height) {
  /**
   * Checks that all four numbers are finite and the size is positive.
   *
   * @throws IllegalArgumentException if width or height is not above 0, or a number is not finite
   */
  public BoundingBox {
    if (!(width > 0 && height > 0)) {
      throw new IllegalArgumentException(
          "a box must have a positive size, got " + width + "x" + height);
    }
    if (!Double.isFinite(x + y + width + height)) {
      throw new IllegalArgumentException(
          "a box must have finite numbers, got " + width + "x" + height + " at " + x + ", " + y);
    }
  }

  /** {@return the centre of the box} */
  public Point center() {
    return new Point(x + width / 2, y + height / 2);
  }

  /** {@return width times height, in square pixels} */
  public double area() {
    return width * height;
  }

  /**
   * Returns the box after scaling the image.
   *
   * @param factor the scale, above 0
   * @return the scaled box
   * @throws IllegalArgumentException if {@code factor} is not above 0
   */
  public BoundingBox scaled(double factor) {
    return new BoundingBox(x * factor, y * factor, width * factor, height * factor);
  }

  /**
   * Returns the box after moving it.
   *
   * @param dx distance to the right, in pixels
   * @param dy distance downwards, in pixels
   * @return the moved box
   */
  public BoundingBox moved(double dx, double dy) {
    return new BoundingBox(x + dx, y + dy, width, height);
  }

  /**
   * Returns the box, enlarged on all sides around its centre.
   *
   * @param share the margin added on each side, as a share of width or height, above -0.5; 0.5
   *     doubles width and height
   * @return the enlarged box
   * @throws IllegalArgumentException if {@code share} is -0.5 or less
   */
  public BoundingBox expanded(double share) {
    return new BoundingBox(
        x - share * width, y - share * height, width * (1 + 2 * share), height * (1 + 2 * share));
  }

  /**
   * Returns true if a point is inside the box. The left and top edges are inside, the right and
   * bottom edges are outside.
   *
   * @param p the point
   * @return true if the point is inside
   */
  public boolean contains(Point p) {
    return p.x() >= x && p.x() < x + width && p.y() >= y && p.y() < y + height;
  }

  /**
   * Returns the area that two boxes share.
   *
   * @param other the other box
   * @return the area in square pixels; 0 if the boxes do not overlap
   */
  public double intersection(BoundingBox other) {
    double w = Math.min(x + width, other.x + other.width) - Math.max(x, other.x);
    double h = Math.min(y + height, other.y + other.height) - Math.max(y, other.y);
    return w > 0 && h > 0 ? w * h : 0;
  }

  /**
   * Returns the intersection over union of two boxes.
   *
   * @param other the other box
   * @return the ratio, 0 to 1
   */
  public double iou(BoundingBox other) {
    double common = intersection(other);
    return common / (area() + other.area() - common);
  }

  /**
   * Returns the intersection of two boxes divided by the area of the smaller box.
   *
   * @param other the other box
   * @return the ratio, 0 to 1; 1 if one box is inside the other
   */
  public double intersectionOverMin(BoundingBox other) {
    return intersection(other) / Math.min(area(), other.area());
  }
}
