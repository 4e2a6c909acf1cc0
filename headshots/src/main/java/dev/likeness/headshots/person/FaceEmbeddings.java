package dev.likeness.headshots.person;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.likeness.Likeness;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What somebody's face is to an embedder, kept in their file: biometric data, for the eyes of no
 * log. Immutable.
 *
 * @param embedder whose vectors they are
 * @param vectors of unit length, one a photo
 */
public record FaceEmbeddings(String embedder, List<float[]> vectors) {
  public static final String NOTE_KEY = "likeness.faces";
  public static final String GUIDANCE_NOTE_KEY = "likeness.faces.guide";

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
   * What a person's file keeps to measure likeness by; empty for files made without an embedder.
   */
  public static Optional<FaceEmbeddings> of(TrainedPerson person) {
    return of(person.notes());
  }

  /**
   * What a person's file keeps to hold drawn faces to; empty for files made without face guidance.
   */
  public static Optional<FaceEmbeddings> ofGuidance(TrainedPerson person) {
    return readNote(person.notes(), GUIDANCE_NOTE_KEY);
  }

  /** Of {@code notes}, a file's, what likeness is measured by. */
  public static Optional<FaceEmbeddings> of(Map<String, String> notes) {
    return readNote(notes, NOTE_KEY);
  }

  static Optional<FaceEmbeddings> readNote(Map<String, String> notes, String note) {
    String json = notes.getOrDefault(note, "");
    return json.isEmpty() ? Optional.empty() : Optional.of(parse(json));
  }

  /** The same person with these in their file, to measure likeness by. */
  public TrainedPerson addTo(TrainedPerson person) {
    return addTo(person, NOTE_KEY);
  }

  /** The same person with these in their file, to hold drawn faces to. */
  public TrainedPerson addAsGuidanceTo(TrainedPerson person) {
    return addTo(person, GUIDANCE_NOTE_KEY);
  }

  private TrainedPerson addTo(TrainedPerson person, String note) {
    return person.withNote(note, toJson());
  }

  /** As files keep them; {@link #parse} reads it. */
  public String toJson() {
    List<String> texts = vectors.stream().map(FaceEmbeddings::encode).toList();
    try {
      return JSON.std.asString(Map.of("embedder", embedder, "vectors", texts));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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

  private static String encode(float[] vector) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * vector.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  static FaceEmbeddings parse(String json) {
    try {
      Map<String, Object> map = JSON.std.mapFrom(json);
      return new FaceEmbeddings(
          (String) map.get("embedder"),
          ((List<?>) map.get("vectors"))
              .stream().map(text -> decode((String) text)).toList());
    } catch (IOException | RuntimeException e) {
      throw new InvalidInputException(
          "the faces in the person's file cannot be read; learn the person again", e);
    }
  }

  private static float[] decode(String text) {
    ByteBuffer bytes =
        ByteBuffer.wrap(Base64.getDecoder().decode(text)).order(ByteOrder.LITTLE_ENDIAN);
    float[] vector = new float[bytes.remaining() / 4];
    bytes.asFloatBuffer().get(vector);
    return vector;
  }
}
