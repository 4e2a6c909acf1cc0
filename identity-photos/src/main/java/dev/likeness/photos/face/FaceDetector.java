package dev.likeness.photos.face;

import dev.likeness.diffusion.image.RgbImage;
import java.util.List;

/** Finds faces. Implementations are thread-safe and deterministic. */
public interface FaceDetector extends AutoCloseable {
  /**
   * Detects all faces of an upright image.
   *
   * @param image an image of any size
   * @return the faces in pixels of {@code image}, largest first; empty if there are none
   */
  List<Face> detect(RgbImage image);

  /**
   * Detects at least the clearly visible frontal faces. An implementation may leave out other faces
   * to be faster than {@link #detect}. The default implementation calls {@code detect} and leaves
   * out none.
   *
   * @param image an image of any size
   * @return the faces in pixels of {@code image}, largest first; empty if there are none
   */
  default List<Face> detectFrontal(RgbImage image) {
    return detect(image);
  }

  /**
   * Detects at least the frontal faces that fill a large part of the image. An implementation may
   * leave out other faces to be faster than {@link #detectFrontal}. The default implementation
   * calls {@code detectFrontal} and leaves out none.
   *
   * @param image an image of any size
   * @return the faces in pixels of {@code image}, largest first; empty if there are none
   */
  default List<Face> detectLarge(RgbImage image) {
    return detectFrontal(image);
  }

  /** {@return the name of the detector for reports, such as {@code "haar"} or {@code "yunet"}} */
  String name();

  /** Frees the detector's networks and native memory. */
  @Override
  void close();
}
