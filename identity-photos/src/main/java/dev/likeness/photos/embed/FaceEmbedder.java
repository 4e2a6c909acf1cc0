package dev.likeness.photos.embed;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.Face;
import java.util.OptionalInt;

/**
 * Maps a face to an embedding; faces of one person have similar embeddings. Implementations are
 * thread-safe and deterministic. Embeddings are biometric data and must not be logged.
 */
public interface FaceEmbedder extends AutoCloseable {
  /**
   * Returns the embedding of a face.
   *
   * @param image the image that contains the face
   * @param face a face, in pixels of {@code image}
   * @return a new vector of unit length
   */
  float[] embed(RgbImage image, Face face);

  /**
   * Returns the embedding before normalisation to unit length. Some adapters were trained on such
   * embeddings.
   *
   * @param image the image that contains the face
   * @param face a face, in pixels of {@code image}
   * @return a new vector, not scaled to unit length
   * @throws InvalidInputException if the embedder returns only vectors of unit length; the default
   *     implementation always throws this exception
   */
  default float[] embedRaw(RgbImage image, Face face) {
    throw new InvalidInputException("the face embedder " + name()
        + " returns only normalised vectors, but the adapter was trained on vectors before"
        + " normalisation; use the embedder that the adapter was trained with");
  }

  /**
   * {@return the number of elements of an embedding; empty (the default) if it is not known before
   * the first embedding}
   */
  default OptionalInt embeddingLength() {
    return OptionalInt.empty();
  }

  /** {@return the name of the embedder, for reports} */
  String name();

  /** {@return the cosine from which two faces count as one person, -1 to 1} */
  double samePersonThreshold();

  /**
   * {@return true (the default) if the embedder was trained on photographs; false if it was trained
   * on rendered faces only} If the result is false, {@link #samePersonThreshold()} does not hold
   * for people in photographs.
   */
  default boolean isTrainedOnPhotographs() {
    return true;
  }

  /** Frees the network. */
  @Override
  void close();

  /**
   * Returns the cosine of two embeddings of the same embedder.
   *
   * @param a a vector of unit length
   * @param b a vector of unit length
   * @return the cosine, -1 to 1
   * @throws IllegalArgumentException if the vectors have different numbers of elements
   */
  static double cosine(float[] a, float[] b) {
    if (a.length != b.length) {
      throw new IllegalArgumentException("vectors of " + a.length + " and " + b.length
          + " numbers come from different embedders; compare vectors of one embedder");
    }
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
