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
   * Detects clearly visible frontal faces only. This method may be faster than {@link #detect}. The
   * default implementation calls {@code detect} and returns all its faces.
   *
   * @param image an image of any size
   * @return the faces in pixels of {@code image}, largest first; empty if there are none
   */
  default List<Face> detectFrontal(RgbImage image) {
    return detect(image);
  }

  /**
   * Detects frontal faces that fill a large part of the image. This method may be faster than
   * {@link #detectFrontal}. The default implementation calls {@code detectFrontal} and returns all
   * its faces.
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
