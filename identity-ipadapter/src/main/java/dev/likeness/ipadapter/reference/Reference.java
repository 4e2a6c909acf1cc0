package dev.likeness.ipadapter.reference;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/**
 * A reference of a person or a thing: an image, a face embedding, or both.
 *
 * @param image the image for an image encoder; FaceID-Plus needs the aligned face
 * @param face a face embedding; it has unit length, except that the unnormalised Portrait adapter
 *     needs an embedding before normalisation
 * @param faceEmbedder name of the face embedder; empty if unknown
 * @param weight weight among the references, above 0; a weight of 2 counts as two references
 */
public record Reference(
    Optional<RgbImage> image, Optional<float[]> face, String faceEmbedder, double weight) {
  /**
   * Checks and copies the components.
   *
   * @throws IllegalArgumentException if image and face are both empty, or the weight is not above 0
   *     or not finite as a {@code float}
   */
  public Reference {
    if (image.isEmpty() && face.isEmpty()) {
      throw new IllegalArgumentException("a reference needs an image, a face embedding, or both");
    }
    if (!(weight > 0 && weight <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "a reference's weight must be above 0 and at most 3.4e38, got " + weight
              + "; to ignore a reference, leave it out");
    }
    face = face.map(float[]::clone);
  }

  /**
   * Returns a reference image of weight 1.
   *
   * @param image an image of any size
   * @return the reference
   */
  public static Reference of(RgbImage image) {
    return new Reference(Optional.of(image), Optional.empty(), "", 1);
  }

  /**
   * Returns a reference of weight 1 with a face embedding.
   *
   * @param embedding the vector of a face embedder; copied
   * @return the reference
   */
  public static Reference face(float[] embedding) {
    return new Reference(Optional.empty(), Optional.of(embedding), "", 1);
  }

  /**
   * Returns a reference of weight 1 with a face embedding and the aligned face image, as
   * FaceID-Plus needs it.
   *
   * @param embedding the vector of a face embedder; copied
   * @param aligned the aligned face, 224 or 256 pixels square
   * @return the reference
   */
  public static Reference face(float[] embedding, RgbImage aligned) {
    return new Reference(Optional.of(aligned), Optional.of(embedding), "", 1);
  }

  /**
   * Returns a copy of this reference with the given name of the face embedder.
   *
   * @param name name of the face embedder that made the embedding
   * @return a changed copy
   */
  public Reference withFaceEmbedder(String name) {
    return new Reference(image, face, name, weight);
  }

  /**
   * Returns a copy of this reference with the given weight.
   *
   * @param value the weight, above 0 and at most 3.4e38
   * @return a changed copy
   * @throws IllegalArgumentException if the weight is out of its range
   */
  public Reference weight(double value) {
    return new Reference(image, face, faceEmbedder, value);
  }

  /** {@return a copy of the face embedding; empty if there is none} */
  @Override
  public Optional<float[]> face() {
    return face.map(float[]::clone);
  }

  /** Compares image and face embedding by value. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Reference r
        && image.equals(r.image)
        && Arrays.equals(face.orElse(null), r.face.orElse(null))
        && faceEmbedder.equals(r.faceEmbedder)
        && Double.compare(weight, r.weight) == 0;
  }

  @Override
  public int hashCode() {
    return Objects.hash(image, Arrays.hashCode(face.orElse(null)), faceEmbedder, weight);
  }

  /** {@return a text without personal data, which may be logged} */
  @Override
  public String toString() {
    return (image.isEmpty() ? "" : "an image ") + (face.isEmpty() ? "" : "a face ") + "x" + weight;
  }
}
