package dev.likeness.headshots.person;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.FaceMetadata;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.likeness.Likeness;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Embeddings of a person's face, kept in the person's file. They are biometric data and are never
 * logged. Immutable.
 *
 * @param embedder name of the embedder that made the vectors
 * @param vectors one vector of unit length for each photo
 */
public record FaceEmbeddings(String embedder, List<float[]> vectors) {
  /**
   * Checks and copies the vectors.
   *
   * @throws IllegalArgumentException if the vectors have different numbers of elements, or a number
   *     is NaN or infinite
   */
  public FaceEmbeddings {
    vectors = copy(vectors);
    for (float[] vector : vectors) {
      if (vector.length != vectors.get(0).length) {
        throw new IllegalArgumentException("the vectors of one embedder have the same number of"
            + " elements, got " + vectors.get(0).length + " and " + vector.length);
      }
      for (float number : vector) {
        if (!Float.isFinite(number)) {
          throw new IllegalArgumentException(
              "a face embedding has finite numbers, got " + number + "; embed the face again");
        }
      }
    }
  }

  /** {@return copies of the vectors, one of unit length for each photo} */
  @Override
  public List<float[]> vectors() {
    return copy(vectors);
  }

  private static List<float[]> copy(List<float[]> vectors) {
    return vectors.stream().map(float[]::clone).toList();
  }

  /**
   * Embeds the faces of photos.
   *
   * @param photos the person's photos
   * @param embedder the embedder; the caller closes it
   * @return one vector for each photo; if there are more than 1000 photos, for 1000 of them, which
   *     are evenly distributed in the list
   */
  public static FaceEmbeddings of(List<AcceptedPhoto> photos, FaceEmbedder embedder) {
    int count = Math.min(photos.size(), FaceMetadata.MAX_VECTORS);
    return new FaceEmbeddings(
        embedder.name(),
        IntStream.range(0, count)
            .mapToObj(i -> photos.get((int) ((long) i * photos.size() / count)))
            .map(photo -> embedder.embed(photo.image(), photo.face()))
            .toList());
  }

  /**
   * Returns true if an embedder can tell whether an image shows the given person. An embedder that
   * was trained on rendered faces can tell this only for rendered people; see
   * {@link Consent#isSynthetic}.
   *
   * @param judge the embedder that measures likeness
   * @param person the person in the images
   * @return false if the embedder was trained on rendered faces and the person is not known to be
   *     rendered
   */
  public static boolean canJudge(FaceEmbedder judge, Identity person) {
    return canJudge(judge.isTrainedOnPhotographs(), person);
  }

  /**
   * Returns true if a measure of likeness can tell whether an image shows the given person, by the
   * rule of {@link #canJudge(FaceEmbedder, Identity)}.
   *
   * @param measure the measure of likeness
   * @param person the person in the images
   * @return false if the measure's embedder was trained on rendered faces and the person is not
   *     known to be rendered
   */
  public static boolean canJudge(Likeness measure, Identity person) {
    return canJudge(measure.isForPhotographs(), person);
  }

  private static boolean canJudge(boolean forPhotographs, Identity person) {
    return forPhotographs || person.consent().filter(Consent::isSynthetic).isPresent();
  }

  /**
   * Creates a measure of likeness to these embeddings.
   *
   * @param detector finds faces; the caller closes it
   * @param other the embedder that made the vectors; the caller closes it
   * @return the measure; it uses {@code detector} and {@code other}
   * @throws InvalidInputException if {@code other} did not make the vectors, because vectors of
   *     different embedders cannot be compared, or makes vectors of another number of elements
   * @throws IllegalArgumentException if there are no vectors
   */
  public Likeness likeness(FaceDetector detector, FaceEmbedder other) {
    if (!other.name().equals(embedder)) {
      throw new InvalidInputException(
          "the person's file has face embeddings of " + Quoted.value(embedder)
              + ", got the embedder " + other.name() + "; use " + Quoted.value(embedder)
              + ", or train the person again with " + other.name());
    }
    requireLength(other, "the person's file");
    return Likeness.of(vectors, detector, other);
  }

  /**
   * Checks that the vectors have as many elements as those of an embedder of the same name.
   *
   * @param other the embedder that made the vectors
   * @param source the name of the person's file in the message
   * @throws InvalidInputException if {@code other} makes vectors of another number of elements
   */
  public void requireLength(FaceEmbedder other, String source) {
    OptionalInt size = other.embeddingLength();
    int own = vectors.isEmpty() ? 0 : vectors.get(0).length;
    if (size.isPresent() && own > 0 && size.getAsInt() != own) {
      throw new InvalidInputException(source + " has face embeddings of " + own
          + " numbers, but the embedder " + other.name() + " makes " + size.getAsInt()
          + "; train or encode the person again");
    }
  }

  /** Returns true if the vectors of both can be compared. */
  boolean isComparable(FaceEmbeddings others) {
    return embedder.equals(others.embedder)
        && !vectors.isEmpty()
        && !others.vectors.isEmpty()
        && vectors.get(0).length == others.vectors.get(0).length;
  }

  /**
   * The cosine similarity of the mean embeddings, -1 to 1; 1 for the same photos. Both must be
   * {@link #isComparable comparable}.
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

  /** {@inheritDoc} The text contains no embedding, so it may be logged. */
  @Override
  public String toString() {
    return vectors.size() + " face embeddings by " + embedder;
  }
}
