package dev.likeness.photos.embed;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.Face;

/**
 * Maps a face to an embedding; faces of one person have similar embeddings. Implementations are
 * thread-safe and deterministic. Embeddings are biometric data and must not be logged.
 */
public interface FaceEmbedder extends AutoCloseable {
  /** The unit-length vector of {@code face} in {@code image}. */
  float[] embed(RgbImage image, Face face);

  /**
   * The vector before it is brought to unit length, which a few adapters were trained on.
   *
   * @throws InvalidInputException by an embedder that knows its vectors at unit length alone, as
   *     all do unless they say otherwise
   */
  default float[] embedRaw(RgbImage image, Face face) {
    throw new InvalidInputException("the face embedder " + name()
        + " gives vectors of unit length alone, and what asks for them was"
        + " trained on vectors as a recogniser has them; give the recogniser it was trained with");
  }

  /** The name that reports call it. */
  String name();

  /** The cosine above which two faces are taken for one person. */
  double samePersonThreshold();

  @Override
  void close();

  /** The cosine of two unit-length vectors of one embedder, -1 to 1. */
  static double cosine(float[] a, float[] b) {
    if (a.length != b.length) {
      throw new IllegalArgumentException(
          "vectors of " + a.length + " and " + b.length + " numbers come from different embedders");
    }
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
