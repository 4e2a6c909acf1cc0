package dev.likeness.photos.internal.face;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.face.SimilarityTransform;
import dev.likeness.photos.internal.opencv.OpenCv;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_calib3d;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Scalar;
import org.bytedeco.opencv.opencv_core.Size;

/** Transforms of images and points by OpenCV's own functions, for results equal to theirs. */
final class OpenCvGeometry {
  // The defaults of cv2.estimateAffinePartial2D.
  private static final double THRESHOLD = 3;
  private static final long MAX_ITERATIONS = 2000;
  private static final double CONFIDENCE = 0.99;
  private static final long REFINEMENTS = 10;

  private OpenCvGeometry() {}

  /**
   * Maps an image into a square by bilinear sampling without a filter against aliasing
   * ({@code cv2.warpAffine} with its defaults).
   *
   * @param outside the colour where the source has no pixels: red, green and blue
   */
  @SuppressWarnings("try")
  static RgbImage warp(RgbImage image, SimilarityTransform onto, int side, int[] outside) {
    OpenCv.load(opencv_imgproc.class);
    try (PointerScope scope = new PointerScope()) {
      Mat matrix = doubles(2, 3, onto.a(), -onto.b(), onto.tx(), onto.b(), onto.a(), onto.ty());
      Mat out = new Mat();
      opencv_imgproc.warpAffine(
          OpenCv.toBgr(image),
          out,
          matrix,
          new Size(side, side),
          opencv_imgproc.INTER_LINEAR,
          opencv_core.BORDER_CONSTANT,
          new Scalar(outside[2], outside[1], outside[0], 0));
      return OpenCv.toRgb(out);
    }
  }

  /**
   * Returns the transform with the least median of squared distances between the mapped points and
   * their targets, refined over the points that fit ({@code cv2.estimateAffinePartial2D} with
   * {@code cv2.LMEDS}). A point that is far off does not count. Returns empty if the points
   * determine no transform.
   */
  @SuppressWarnings("try")
  static Optional<SimilarityTransform> leastMedian(List<Point> from, List<Point> to) {
    OpenCv.load(opencv_calib3d.class);
    try (PointerScope scope = new PointerScope()) {
      Mat found = opencv_calib3d.estimateAffinePartial2D(
          points(from),
          points(to),
          new Mat(),
          opencv_calib3d.LMEDS,
          THRESHOLD,
          MAX_ITERATIONS,
          CONFIDENCE,
          REFINEMENTS);
      if (found.empty()) {
        return Optional.empty();
      }
      double[] m = new double[6];
      new DoublePointer(found.data()).get(m);
      return Optional.of(new SimilarityTransform(m[0], m[3], m[2], m[5]));
    }
  }

  private static Mat points(List<Point> points) {
    double[] values = points.stream()
        .flatMap(p -> Stream.of(p.x(), p.y()))
        .mapToDouble(v -> v)
        .toArray();
    return doubles(points.size(), 2, values);
  }

  private static Mat doubles(int rows, int columns, double... values) {
    Mat mat = new Mat(rows, columns, opencv_core.CV_64FC1);
    new DoublePointer(mat.data()).put(values);
    return mat;
  }
}
