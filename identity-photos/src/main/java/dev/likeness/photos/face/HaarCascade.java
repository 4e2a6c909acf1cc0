package dev.likeness.photos.face;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.photos.internal.opencv.OpenCv;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Rect;
import org.bytedeco.opencv.opencv_core.RectVector;
import org.bytedeco.opencv.opencv_core.Size;
import org.bytedeco.opencv.opencv_objdetect.CascadeClassifier;

/** One Haar cascade (Viola and Jones, CVPR 2001) out of OpenCV's own jar. Not safe for threads. */
final class HaarCascade implements AutoCloseable {
  private static final double STEP = 1.1;
  private static final int NO_FLAGS = 0;

  private final CascadeClassifier classifier;

  HaarCascade(String name) {
    String resource = "haarcascades/haarcascade_" + name + ".xml";
    classifier = new CascadeClassifier(OpenCv.data(resource).getPath());
    // A scope that happens to be open around us must not free what outlives it.
    classifier.retainReference();
    if (classifier.empty()) {
      throw new ResourceLimitException("OpenCV cannot read its own " + resource
          + "; delete the natives' cache ~/.javacpp and try again");
    }
  }

  /** Boxes of at least {@code smallest} pixels that {@code neighbours} windows agree on. */
  List<BoundingBox> find(Mat grey, int neighbours, int smallest) {
    try (RectVector found = new RectVector();
        Size least = new Size(smallest, smallest);
        Size most = new Size()) {
      classifier.detectMultiScale(grey, found, STEP, neighbours, NO_FLAGS, least, most);
      List<BoundingBox> boxes = new ArrayList<>();
      for (long i = 0; i < found.size(); i++) {
        try (Rect r = found.get(i)) {
          boxes.add(new BoundingBox(r.x(), r.y(), r.width(), r.height()));
        }
      }
      return boxes;
    }
  }

  @Override
  public void close() {
    classifier.releaseReference();
  }
}
