package dev.likeness.photos.embed;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.Face;

/**
 * Maps a face to an embedding; faces of one person have similar embeddings. Implementations are
 * thread-safe and deterministic. Embeddings are biometric data and must not be logged.
 */
public interface FaceEmbedder extends AutoCloseable {
  /**
   * Returns the embedding of a face, of unit length.
   *
   * @param image the image
   * @param face a face in that image, in its pixels
   */
  float[] embed(RgbImage image, Face face);

  /**
   * Returns the embedding before normalisation, which some adapters were trained on.
   *
   * @param image the image
   * @param face a face in that image, in its pixels
   * @throws InvalidInputException if the embedder gives unit-length vectors only, which is the
   *     default
   */
  default float[] embedRaw(RgbImage image, Face face) {
    throw new InvalidInputException("the face embedder " + name()
        + " gives vectors of unit length alone, and what asks for them was"
        + " trained on vectors as a recogniser has them; give the recogniser it was trained with");
  }

  /** Returns the name of the embedder, for reports. */
  String name();

  /** Returns the cosine above which two faces count as one person, -1 to 1. */
  double samePersonThreshold();

  @Override
  void close();

  /**
   * Returns the cosine of two unit-length vectors of one embedder, -1 to 1.
   *
   * @throws IllegalArgumentException if the vectors have different lengths
   */
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
