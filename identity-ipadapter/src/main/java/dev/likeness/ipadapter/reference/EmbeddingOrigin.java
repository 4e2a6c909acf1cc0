package dev.likeness.ipadapter.reference;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The networks that made reference embeddings. Embeddings of different networks are not
 * interchangeable, even if their sizes are equal. An empty string means unknown and matches every
 * value.
 *
 * @param encoder {@link dev.likeness.ipadapter.ImageEncoder#fingerprint} of the image encoder
 * @param faceEmbedder name of the face embedder
 * @param normalization {@code raw} or {@code unit}: whether face embeddings are normalised
 */
public record EmbeddingOrigin(String encoder, String faceEmbedder, String normalization) {
  /** An origin whose values are all unknown. */
  public static final EmbeddingOrigin UNKNOWN = new EmbeddingOrigin("", "", "");

  private static final String ENCODER_KEY = "likeness.encoder";
  private static final String FACE_EMBEDDER_KEY = "likeness.recogniser";
  private static final String NORMALIZATION_KEY = "likeness.length";

  /**
   * Returns the name of the face embedder that made the embeddings of references.
   *
   * @param references references with or without the name of a face embedder
   * @return the name; an empty string if one of the references has no name
   * @throws IllegalArgumentException if the references name several face embedders
   */
  public static String faceEmbedder(List<Reference> references) {
    List<String> names =
        references.stream().map(Reference::faceEmbedder).distinct().toList();
    if (names.stream().filter(name -> !name.isEmpty()).count() > 1) {
      throw new IllegalArgumentException(
          "the references have embeddings of several face embedders, " + names
              + "; use one face embedder for all of them");
    }
    return names.size() == 1 ? names.get(0) : "";
  }

  /** Reads the origin from a file's metadata. */
  static EmbeddingOrigin of(Map<String, String> metadata) {
    return new EmbeddingOrigin(
        metadata.getOrDefault(ENCODER_KEY, ""),
        metadata.getOrDefault(FACE_EMBEDDER_KEY, ""),
        metadata.getOrDefault(NORMALIZATION_KEY, ""));
  }

  /** Returns the known values for a file's metadata. */
  Map<String, String> metadata() {
    Map<String, String> known = new HashMap<>(Map.of(
        ENCODER_KEY, encoder, FACE_EMBEDDER_KEY, faceEmbedder, NORMALIZATION_KEY, normalization));
    known.values().removeIf(String::isEmpty);
    return known;
  }

  /**
   * Checks that references were made by the networks that an adapter needs.
   *
   * @param user name of the adapter, for the message
   * @param wanted the origin that the adapter needs
   * @throws InvalidInputException if a value is known in both origins and differs
   */
  public void require(String user, EmbeddingOrigin wanted) {
    require(user, "image encoder fingerprint ", encoder, wanted.encoder);
    require(user, "face embedder ", faceEmbedder, wanted.faceEmbedder);
    require(user, "face embedding normalisation ", normalization, wanted.normalization);
  }

  private static void require(String user, String what, String has, String wanted) {
    if (!has.isEmpty() && !wanted.isEmpty() && !has.equals(wanted)) {
      throw new InvalidInputException("the references have " + what + Quoted.value(has) + ", but "
          + user + " needs " + Quoted.value(wanted) + "; encode the photos again for this adapter");
    }
  }
}
