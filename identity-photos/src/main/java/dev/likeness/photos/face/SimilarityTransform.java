package dev.likeness.photos.face;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * A rotation with uniform scale and translation: {@code x' = a x - b y + tx, y' = b x + a y + ty}.
 *
 * @param a scale times the cosine of the rotation angle
 * @param b scale times the sine of the rotation angle
 * @param tx translation to the right, in target pixels
 * @param ty translation downwards, in target pixels
 */
public record SimilarityTransform(double a, double b, double tx, double ty) {
  /**
   * Returns the transform with the smallest sum of squared distances between the mapped points and
   * their targets (Umeyama, PAMI 1991, in two dimensions and without reflections).
   *
   * @param from the points to map, at least two different points
   * @param to their targets, in the same order
   * @return the transform
   * @throws IllegalArgumentException if the lists differ in length or have fewer than two points,
   *     or if all points to map are equal
   */
  public static SimilarityTransform fit(List<Point> from, List<Point> to) {
    if (from.size() != to.size() || from.size() < 2) {
      throw new IllegalArgumentException(
          "a similarity transform needs at least 2 pairs of points, got " + from.size()
              + " points and " + to.size() + " targets");
    }
    Point p = mean(from);
    Point q = mean(to);
    double cos = 0;
    double sin = 0;
    double spread = 0;
    for (int i = 0; i < from.size(); i++) {
      Point u = from.get(i).moved(-p.x(), -p.y());
      Point v = to.get(i).moved(-q.x(), -q.y());
      cos += u.x() * v.x() + u.y() * v.y();
      sin += u.x() * v.y() - u.y() * v.x();
      spread += u.x() * u.x() + u.y() * u.y();
    }
    if (spread == 0) {
      throw new IllegalArgumentException(
          "the points to align are all at " + p + "; give different points");
    }
    double a = cos / spread;
    double b = sin / spread;
    return new SimilarityTransform(
        a, b, q.x() - a * p.x() + b * p.y(), q.y() - b * p.x() - a * p.y());
  }

  /**
   * Maps a point.
   *
   * @param p a point of the source, in pixels
   * @return the point of the target, in pixels
   */
  public Point apply(Point p) {
    return new Point(a * p.x() - b * p.y() + tx, b * p.x() + a * p.y() + ty);
  }

  /** {@return the scale; above 1 enlarges, below 1 reduces} */
  public double scale() {
    return Math.hypot(a, b);
  }

  /**
   * Maps a point back: the inverse of {@link #apply}.
   *
   * @param p a point of the target, in pixels
   * @return the point of the source, in pixels
   */
  public Point applyInverse(Point p) {
    double square = a * a + b * b;
    double x = p.x() - tx;
    double y = p.y() - ty;
    return new Point((a * x + b * y) / square, (a * y - b * x) / square);
  }

  /**
   * Maps an image into a square by bilinear sampling. If the scale is at most 1/2, the method first
   * reduces the image to avoid aliasing. Points are pixel indices, as in landmark templates: (0, 0)
   * is the centre of the first pixel.
   *
   * @param image the source image
   * @param size side of the result, in pixels
   * @return the image, {@code size} pixels wide and high; black where the source has no pixels
   */
  public RgbImage warp(RgbImage image, int size) {
    int most = Math.min(image.width(), image.height());
    int reduction = (int) Math.max(1, Math.min(most, Math.floor(1 / scale())));
    int left = firstPixel(size, reduction, image.width(), Point::x);
    int top = firstPixel(size, reduction, image.height(), Point::y);
    int width = endPixel(size, reduction, image.width(), Point::x) - left;
    int height = endPixel(size, reduction, image.height(), Point::y) - top;
    RgbImage part = Resampler.AREA.resize(
        image, left, top, width, height, width / reduction, height / reduction);
    byte[] rgb = new byte[size * size * 3];
    for (int y = 0, at = 0; y < size; y++) {
      for (int x = 0; x < size; x++, at += 3) {
        Point from = applyInverse(new Point(x, y));
        bilinear(
            part,
            (from.x() + 0.5 - left) / reduction - 0.5,
            (from.y() + 0.5 - top) / reduction - 0.5,
            rgb,
            at);
      }
    }
    return RgbImage.of(size, size, rgb);
  }

  // Only the source pixels under the output are reduced. The range starts and ends at a multiple of
  // the reduction.
  private int firstPixel(int size, int reduction, int length, ToDoubleFunction<Point> axis) {
    double least = corners(size).mapToDouble(axis).min().orElseThrow();
    int cells = length / reduction;
    return reduction * (int) Math.max(0, Math.min(cells - 1, Math.floor(least / reduction) - 1));
  }

  private int endPixel(int size, int reduction, int length, ToDoubleFunction<Point> axis) {
    double most = corners(size).mapToDouble(axis).max().orElseThrow();
    int cells = length / reduction;
    int first = firstPixel(size, reduction, length, axis) / reduction;
    return reduction * (int) Math.max(first + 1, Math.min(cells, Math.ceil(most / reduction) + 2));
  }

  private Stream<Point> corners(int size) {
    return Stream.of(new Point(0, 0), new Point(size, 0), new Point(0, size), new Point(size, size))
        .map(this::applyInverse);
  }

  private static void bilinear(RgbImage image, double x, double y, byte[] rgb, int at) {
    int x0 = (int) Math.floor(x);
    int y0 = (int) Math.floor(y);
    double u = x - x0;
    double v = y - y0;
    for (int c = 0; c < 3; c++) {
      double top = (1 - u) * pixel(image, x0, y0, c) + u * pixel(image, x0 + 1, y0, c);
      double bottom = (1 - u) * pixel(image, x0, y0 + 1, c) + u * pixel(image, x0 + 1, y0 + 1, c);
      rgb[at + c] = (byte) Math.round((1 - v) * top + v * bottom);
    }
  }

  private static int pixel(RgbImage image, int x, int y, int c) {
    return x < 0 || y < 0 || x >= image.width() || y >= image.height() ? 0 : image.at(x, y, c);
  }

  private static Point mean(List<Point> points) {
    double x = points.stream().mapToDouble(Point::x).average().orElseThrow();
    double y = points.stream().mapToDouble(Point::y).average().orElseThrow();
    return new Point(x, y);
  }
}
