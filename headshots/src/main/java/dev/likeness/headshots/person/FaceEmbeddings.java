package dev.likeness.headshots.person;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.likeness.Likeness;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Embeddings of a person's face, kept in the person's file. Biometric data: never logged.
 * Immutable.
 *
 * @param embedder whose vectors they are
 * @param vectors of unit length, one a photo
 */
public record FaceEmbeddings(String embedder, List<float[]> vectors) {
  public FaceEmbeddings {
    vectors = vectors.stream().map(float[]::clone).toList();
  }

  /** The faces in {@code photos}. */
  public static FaceEmbeddings of(List<AcceptedPhoto> photos, FaceEmbedder embedder) {
    return new FaceEmbeddings(
        embedder.name(),
        photos.stream()
            .map(photo -> embedder.embed(photo.image(), photo.face()))
            .toList());
  }

  /**
   * Measures likeness with these.
   *
   * @throws InvalidInputException when {@code eye} is another embedder, whose vectors mean
   *     something else
   */
  public Likeness likeness(FaceDetector detector, FaceEmbedder eye) {
    if (!eye.name().equals(embedder)) {
      throw new InvalidInputException(
          "the person's file keeps faces as " + embedder + " sees them, given " + eye.name()
              + "; give " + embedder + ", or learn the person again");
    }
    return Likeness.of(vectors, detector, eye);
  }

  /**
   * How alike these are to {@code others} on average, -1 to 1; 1 for the same photos. Both are of
   * one embedder.
   */
  double similarity(FaceEmbeddings others) {
    float[] mine = sum();
    float[] theirs = others.sum();
    return dot(mine, theirs) / Math.sqrt(dot(mine, mine) * dot(theirs, theirs));
  }

  private float[] sum() {
    float[] sum = new float[vectors.get(0).length];
    vectors.forEach(vector -> {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += vector[i];
      }
    });
    return sum;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FaceEmbeddings faces
        && embedder.equals(faces.embedder)
        && vectors.size() == faces.vectors.size()
        && IntStream.range(0, vectors.size())
            .allMatch(i -> Arrays.equals(vectors.get(i), faces.vectors.get(i)));
  }

  @Override
  public int hashCode() {
    return Objects.hash(embedder, Arrays.deepHashCode(vectors.toArray()));
  }

  /** Nothing of the faces: it may be logged. */
  @Override
  public String toString() {
    return vectors.size() + " face embeddings by " + embedder;
  }
}
