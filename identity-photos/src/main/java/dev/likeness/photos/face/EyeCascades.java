package dev.likeness.photos.face;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.image.Luma;
import dev.likeness.photos.internal.opencv.OpenCv;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Rect;

/**
 * Finds the two eyes of a frontal face. The cascades were trained on open eyes, so closed or
 * covered eyes are not found.
 */
final class EyeCascades implements AutoCloseable {
  private final CascadeSearch.HaarCascade withGlasses =
      new CascadeSearch.HaarCascade("eye_tree_eyeglasses");
  private final CascadeSearch.HaarCascade eye = new CascadeSearch.HaarCascade("eye");

  /** Returns the pair of eyes in the upper part of {@code face}, in pixels of {@code grey}. */
  Optional<Face.Eyes> detect(Mat grey, BoundingBox face) {
    BoundingBox upper = new BoundingBox(
        face.x(), face.y() + 0.15 * face.height(), face.width(), 0.5 * face.height());
    Rect window = CascadeSearch.clip(upper, grey);
    if (window.width() < 16 || window.height() < 16) {
      return Optional.empty();
    }
    Mat region = new Mat(grey, window);
    return detectPair(withGlasses, region, window, face)
        .or(() -> detectPair(eye, region, window, face));
  }

  private static Optional<Face.Eyes> detectPair(
      CascadeSearch.HaarCascade cascade, Mat region, Rect window, BoundingBox face) {
    List<Point> found = cascade.detect(region, 2, (int) Math.max(10, face.width() / 8)).stream()
        .map(box -> box.moved(window.x(), window.y()).center())
        .toList();
    double middle = face.center().x();
    Optional<Point> left = found.stream().filter(p -> p.x() < middle).min(nearest(face, 0.3));
    Optional<Point> right = found.stream().filter(p -> p.x() >= middle).min(nearest(face, 0.7));
    return left.flatMap(l -> right.map(r -> new Face.Eyes(l, r)))
        .filter(pair -> isPlausible(pair, face));
  }

  // The eyes are usually at 30 % and 70 % of the box's width and 40 % of its height.
  private static Comparator<Point> nearest(BoundingBox face, double share) {
    Point usual = new Point(face.x() + share * face.width(), face.y() + 0.4 * face.height());
    return Comparator.comparingDouble(p -> p.distance(usual));
  }

  private static boolean isPlausible(Face.Eyes pair, BoundingBox face) {
    double apart = pair.distance() / face.width();
    return apart > 0.25 && apart < 0.6 && Math.abs(pair.roll()) < 25;
  }

  @Override
  public void close() {
    withGlasses.close();
    eye.close();
  }

  /**
   * Detects open eyes at known landmarks, on the aligned face. Closed and covered eyes are not
   * found. Not thread-safe.
   */
  static final class OpenEyeDetector implements AutoCloseable {
    private static final int SIDE = 224;
    private static final int WINDOW = 72;
    private static final AlignmentTemplate UPRIGHT = AlignmentTemplate.ARCFACE.scaledTo(SIDE);

    private final CascadeSearch.HaarCascade withGlasses =
        new CascadeSearch.HaarCascade("eye_tree_eyeglasses");
    private final CascadeSearch.HaarCascade eye = new CascadeSearch.HaarCascade("eye");

    /**
     * Returns true if at least one eye of {@code face} is open and uncovered. One is enough,
     * because a person may wink or turn the head.
     */
    @SuppressWarnings("try")
    boolean hasOpenEye(RgbImage image, Face face) {
      try (PointerScope scope = new PointerScope()) {
        Mat upright = OpenCv.toGrey(Luma.of(UPRIGHT.align(image, face)));
        return hasOpenEye(upright, UPRIGHT.landmarks().leftEye())
            || hasOpenEye(upright, UPRIGHT.landmarks().rightEye());
      }
    }

    private boolean hasOpenEye(Mat upright, Point eye) {
      int x = (int) Math.round(eye.x()) - WINDOW / 2;
      int y = (int) Math.round(eye.y()) - WINDOW / 2;
      Mat region = new Mat(upright, new Rect(x, y, WINDOW, WINDOW));
      return !withGlasses.detect(region, 1, WINDOW / 3).isEmpty()
          || !this.eye.detect(region, 2, WINDOW / 3).isEmpty();
    }

    @Override
    public void close() {
      withGlasses.close();
      eye.close();
    }
  }
}
