package dev.likeness.photos.face;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.image.Luma;
import dev.likeness.photos.internal.opencv.OpenCv;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Rect;

/**
 * Looks whether the eyes at known landmarks are open, on the face turned upright. The cascades saw
 * open eyes in training, so closed and covered ones are not found. Not safe for threads.
 */
final class OpenEyes implements AutoCloseable {
  private static final int SIDE = 224;
  private static final int WINDOW = 72;
  private static final AlignmentTemplate UPRIGHT = AlignmentTemplate.ARCFACE.scaledTo(SIDE);

  private final HaarCascade withGlasses = new HaarCascade("eye_tree_eyeglasses");
  private final HaarCascade plain = new HaarCascade("eye");

  /** Whether at least one eye of {@code face} is seen; who winks or turns away still looks. */
  @SuppressWarnings("try")
  boolean seen(RgbImage picture, Face face) {
    try (PointerScope scope = new PointerScope()) {
      Mat upright = OpenCv.grey(Luma.of(UPRIGHT.align(picture, face)));
      return seen(upright, UPRIGHT.landmarks().leftEye())
          || seen(upright, UPRIGHT.landmarks().rightEye());
    }
  }

  private boolean seen(Mat upright, Point eye) {
    int x = (int) Math.round(eye.x()) - WINDOW / 2;
    int y = (int) Math.round(eye.y()) - WINDOW / 2;
    Mat region = new Mat(upright, new Rect(x, y, WINDOW, WINDOW));
    return !withGlasses.find(region, 1, WINDOW / 3).isEmpty()
        || !plain.find(region, 2, WINDOW / 3).isEmpty();
  }

  @Override
  public void close() {
    withGlasses.close();
    plain.close();
  }
}
