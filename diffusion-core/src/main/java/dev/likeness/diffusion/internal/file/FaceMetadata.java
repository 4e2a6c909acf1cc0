package dev.likeness.diffusion.internal.file;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * The format of face embeddings in the metadata of a person's file. They are biometric data and are
 * never logged.
 */
public final class FaceMetadata {
  /** The key of the embeddings for measuring likeness. */
  public static final String FACES = "likeness.faces";

  /** The key of the embeddings for face guidance. */
  public static final String GUIDANCE_FACES = "likeness.faces.guide";

  /**
   * The most vectors of a file. A likeness compares each with each, so their number bounds the time
   * to open a file.
   */
  public static final int MAX_VECTORS = 1000;

  // Embedders divide f32 numbers by their length.
  private static final double LENGTH_TOLERANCE = 1e-2;
  private static final String EMBEDDER = "embedder";
  private static final String VECTORS = "vectors";

  private FaceMetadata() {}

  /**
   * Reads embeddings.
   *
   * @param metadata the entries of the file's metadata
   * @param key {@link #FACES} or {@link #GUIDANCE_FACES}
   * @param source the name of the file in errors
   * @param result makes the result from the name of the embedder and one vector of unit length for
   *     each photo, 1 to {@link #MAX_VECTORS}
   * @return the result; empty if the metadata has no embeddings
   * @throws InvalidInputException if the embeddings are not in their format, have different numbers
   *     of elements, or are no vectors of unit length
   */
  public static <T> Optional<T> read(
      Map<String, String> metadata,
      String key,
      String source,
      BiFunction<String, List<float[]>, T> result) {
    String json = metadata.getOrDefault(key, "");
    if (json.isEmpty()) {
      return Optional.empty();
    }
    String embedder;
    List<float[]> vectors;
    try {
      Map<String, Object> map = JSON.std.mapFrom(json);
      embedder = ((String) map.get(EMBEDDER)).strip();
      List<?> texts = (List<?>) map.get(VECTORS);
      int count = texts.size();
      require(
          count > 0 && count <= MAX_VECTORS,
          source,
          key,
          "of " + count + " photos, expected 1 to " + MAX_VECTORS);
      vectors = texts.stream().map(text -> decode((String) text)).toList();
    } catch (IOException | ClassCastException | NullPointerException | IllegalArgumentException e) {
      throw fault(source, key, "that cannot be read", e);
    }
    check(vectors, source, key);
    return Optional.of(result.apply(embedder, vectors));
  }

  /**
   * Checks both kinds of embeddings in a metadata.
   *
   * @throws InvalidInputException as {@link #read} does
   */
  public static void check(Map<String, String> metadata, String source) {
    read(metadata, FACES, source, (embedder, vectors) -> true);
    read(metadata, GUIDANCE_FACES, source, (embedder, vectors) -> true);
  }

  private static void check(List<float[]> vectors, String source, String key) {
    int size = vectors.get(0).length;
    for (float[] vector : vectors) {
      require(
          vector.length == size && size > 0,
          source,
          key,
          "of " + size + " and " + vector.length + " numbers, expected the same number for each"
              + " photo");
      double square = 0;
      for (float number : vector) {
        square += (double) number * number;
      }
      require(
          Math.abs(Math.sqrt(square) - 1) <= LENGTH_TOLERANCE,
          source,
          key,
          "that are not vectors of length 1, or are cut off");
    }
  }

  private static void require(boolean condition, String source, String key, String fault) {
    if (!condition) {
      throw fault(source, key, fault, null);
    }
  }

  private static InvalidInputException fault(
      String source, String key, String fault, Exception cause) {
    return new InvalidInputException(
        source + " has face embeddings (" + key + ") " + fault
            + "; train or encode the person again",
        cause);
  }

  /** Returns the text that {@link #read} reads. */
  public static String toJson(String embedder, List<float[]> vectors) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(VECTORS, vectors.stream().map(FaceMetadata::encode).toList());
    map.put(EMBEDDER, embedder);
    try {
      return JSON.std.asString(map);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode JSON in memory", e);
    }
  }

  private static String encode(float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Float.BYTES * vector.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  private static float[] decode(String text) {
    byte[] bytes = Base64.getDecoder().decode(text);
    if (bytes.length % Float.BYTES != 0) {
      throw new IllegalArgumentException("a vector of " + bytes.length + " bytes");
    }
    float[] vector = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
    return vector;
  }
}
