package dev.likeness.ipadapter.reference;

import dev.likeness.diffusion.image.RgbImage;

/**
 * One reference of a person or a thing.
 *
 * @param image input of an image encoder, or null; for FaceID-Plus the aligned face
 * @param face a face embedding, or null; of unit length except for the Portrait kind
 * @param faceEmbedder name of the face embedder; empty if unknown
 * @param weight weight among the references, above 0: 2 counts as if the reference were given twice
 */
public record Reference(RgbImage image, float[] face, String faceEmbedder, double weight) {
  public Reference {
    if (image == null && face == null) {
      throw new IllegalArgumentException("a reference needs an image, a face's numbers, or both");
    }
    if (!(weight > 0 && Double.isFinite(weight))) {
      throw new IllegalArgumentException(
          "a reference's weight must be above 0, given " + weight + "; leave it out instead");
    }
    face = face == null ? null : face.clone();
  }

  /** Returns a reference image of weight 1. */
  public static Reference of(RgbImage image) {
    return new Reference(image, null, "", 1);
  }

  /** Returns a face embedding of weight 1. */
  public static Reference face(float[] numbers) {
    return new Reference(null, numbers, "", 1);
  }

  /** Returns a face embedding with the aligned face image, as FaceID-Plus needs them. */
  public static Reference face(float[] numbers, RgbImage aligned) {
    return new Reference(aligned, numbers, "", 1);
  }

  /** The same reference, its numbers those of a recogniser of that name. */
  public Reference withFaceEmbedder(String name) {
    return new Reference(image, face, name, weight);
  }

  /** Returns the reference with another weight, above 0. */
  public Reference weight(double value) {
    return new Reference(image, face, faceEmbedder, value);
  }

  @Override
  public float[] face() {
    return face == null ? null : face.clone();
  }

  /** Contains no personal data, so it may be logged. */
  @Override
  public String toString() {
    return (image == null ? "" : "an image ") + (face == null ? "" : "a face ") + "x" + weight;
  }
}
