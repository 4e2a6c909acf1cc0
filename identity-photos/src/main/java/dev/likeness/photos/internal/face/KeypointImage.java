package dev.likeness.photos.internal.face;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.internal.opencv.OpenCv;
import java.util.List;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.PointVector;
import org.bytedeco.opencv.opencv_core.Scalar;
import org.bytedeco.opencv.opencv_core.Size;

/**
 * The image of five face keypoints that the ControlNets of InstantID and InfiniteYou take
 * ({@code draw_kps} of both): on black, a filled ellipse from each eye and each corner of the mouth
 * to the nose in a darkened colour, and a circle at each keypoint. Drawn by OpenCV's own functions,
 * so it is equal pixel by pixel.
 */
public final class KeypointImage {
  private static final int HALF_WIDTH = 4;
  private static final int RADIUS = 10;
  private static final int NOSE = 2;
  private static final int[] LIMBS = {0, 1, 3, 4};
  // Red, green and blue of the left eye, the right eye, the nose, and the corners of the mouth.
  private static final int[][] COLORS = {
    {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 0}, {255, 0, 255}
  };
  private static final double LIMB_BRIGHTNESS = 0.6;

  private KeypointImage() {}

  /**
   * Draws keypoints, in pixels of an image of {@code width} by {@code height} pixels. They may lie
   * outside of it.
   */
  @SuppressWarnings("try")
  public static RgbImage of(int width, int height, Face.Landmarks keypoints) {
    OpenCv.load(opencv_imgproc.class);
    List<Point> points = keypoints.points();
    try (PointerScope scope = new PointerScope()) {
      Mat image = new Mat(height, width, opencv_core.CV_8UC3, new Scalar(0, 0, 0, 0));
      for (int limb : LIMBS) {
        drawLimb(image, points.get(limb), points.get(NOSE), color(limb, LIMB_BRIGHTNESS));
      }
      for (int i = 0; i < points.size(); i++) {
        opencv_imgproc.circle(
            image,
            pixel(points.get(i).x(), points.get(i).y()),
            RADIUS,
            color(i, 1),
            opencv_imgproc.FILLED,
            opencv_imgproc.LINE_8,
            0);
      }
      return OpenCv.toRgb(image);
    }
  }

  private static void drawLimb(Mat image, Point from, Point nose, Scalar color) {
    double dx = from.x() - nose.x();
    double dy = from.y() - nose.y();
    double length = Math.sqrt(dx * dx + dy * dy);
    PointVector outline = new PointVector();
    opencv_imgproc.ellipse2Poly(
        pixel((from.x() + nose.x()) / 2, (from.y() + nose.y()) / 2),
        new Size((int) (length / 2), HALF_WIDTH),
        (int) Math.toDegrees(Math.atan2(dy, dx)),
        0,
        360,
        1,
        outline);
    Mat polygon = new Mat((int) outline.size(), 1, opencv_core.CV_32SC2);
    int[] coordinates = new int[2 * (int) outline.size()];
    for (int i = 0; i < outline.size(); i++) {
      coordinates[2 * i] = outline.get(i).x();
      coordinates[2 * i + 1] = outline.get(i).y();
    }
    new IntPointer(polygon.data()).put(coordinates);
    opencv_imgproc.fillConvexPoly(image, polygon, color);
  }

  /** Cuts fractions off, as Python's {@code int}. */
  private static org.bytedeco.opencv.opencv_core.Point pixel(double x, double y) {
    return new org.bytedeco.opencv.opencv_core.Point((int) x, (int) y);
  }

  /** Returns a colour in OpenCV's channel order. */
  private static Scalar color(int keypoint, double brightness) {
    int[] rgb = COLORS[keypoint];
    return new Scalar(
        (int) (rgb[2] * brightness), (int) (rgb[1] * brightness), (int) (rgb[0] * brightness), 0);
  }
}
