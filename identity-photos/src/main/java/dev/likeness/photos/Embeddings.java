package dev.likeness.photos;

import dev.likeness.photos.embed.FaceEmbedder;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** The vectors of a set's faces, each computed once, and what their cosines mean. */
final class Embeddings {
  // Two photos are one shot when their cosine is this far from the threshold of one person towards
  // 1.
  private static final double SHOT = 0.85;

  private final Map<AcceptedPhoto, float[]> vectors = new IdentityHashMap<>();
  private final double sameAbove;

  Embeddings(List<AcceptedPhoto> photos, FaceEmbedder embedder) {
    photos.forEach(photo -> vectors.put(photo, embedder.embed(photo.picture(), photo.face())));
    sameAbove = embedder.sameAbove();
  }

  double cosine(AcceptedPhoto a, AcceptedPhoto b) {
    return FaceEmbedder.cosine(vectors.get(a), vectors.get(b));
  }

  /** The cosine above which two photos show one person. */
  double samePerson() {
    return sameAbove;
  }

  /**
   * The cosine above which two photos of one person are one shot, framed or mirrored differently.
   */
  double sameShot() {
    return sameAbove + SHOT * (1 - sameAbove);
  }
}
