package dev.likeness.photos.face;

import dev.likeness.diffusion.image.RgbImage;
import java.util.List;

/** Finds faces. Implementations are thread-safe and deterministic. */
public interface FaceDetector extends AutoCloseable {
  /** The faces of an upright image, largest first; empty when there is none. */
  List<Face> detect(RgbImage image);

  /**
   * Those of them that look into the camera and are plainly seen, for a look that has to be quick;
   * all where that is as quick.
   */
  default List<Face> detectFrontal(RgbImage image) {
    return detect(image);
  }

  /**
   * Those of {@link #detectFrontal} that fill a good part of the image, for a look that has to be
   * quicker still.
   */
  default List<Face> detectLarge(RgbImage image) {
    return detectFrontal(image);
  }

  /** What found them, for reports: {@code "haar"}, {@code "yunet"}. */
  String name();

  @Override
  void close();
}
