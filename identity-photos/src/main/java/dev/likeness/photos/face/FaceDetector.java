package dev.likeness.photos.face;

import dev.likeness.diffusion.image.RgbImage;
import java.util.List;

/** Finds faces. Implementations are thread-safe and deterministic. */
public interface FaceDetector extends AutoCloseable {
  /** The faces of an upright image, largest first; empty when there is none. */
  List<Face> detect(RgbImage image);

  /** Detects clearly visible frontal faces only. It is faster than {@link #detect}. */
  default List<Face> detectFrontal(RgbImage image) {
    return detect(image);
  }

  /**
   * Detects frontal faces that fill a large part of the image. It is faster than
   * {@link #detectFrontal}.
   */
  default List<Face> detectLarge(RgbImage image) {
    return detectFrontal(image);
  }

  /** What found them, for reports: {@code "haar"}, {@code "yunet"}. */
  String name();

  @Override
  void close();
}
