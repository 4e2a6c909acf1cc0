package dev.likeness.photos.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.Face;

/**
 * A network's opinion of how well a face can be recognised. Implementations are safe for threads.
 */
public interface FaceQuality extends AutoCloseable {
  /** The score of {@code face}, 0 (useless) to 1. */
  double score(RgbImage picture, Face face);

  @Override
  void close();
}
