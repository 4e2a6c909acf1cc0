package dev.likeness.photos.face;

import dev.likeness.diffusion.image.Picture;
import java.util.List;

/**
 * Finds faces. Implementations are safe for threads and give the same answer for the same picture.
 */
public interface FaceDetector extends AutoCloseable {
  /** The faces of an upright picture, largest first; empty when there is none. */
  List<Face> detect(Picture picture);

  /**
   * Those of them that look into the camera and are plainly seen, for a look that has to be quick;
   * all where that is as quick.
   */
  default List<Face> frontal(Picture picture) {
    return detect(picture);
  }

  /**
   * Those of {@link #frontal} that fill a good part of the picture, for a look that has to be
   * quicker still.
   */
  default List<Face> large(Picture picture) {
    return frontal(picture);
  }

  /** What found them, for reports: {@code "haar"}, {@code "yunet"}. */
  String name();

  @Override
  void close();
}
