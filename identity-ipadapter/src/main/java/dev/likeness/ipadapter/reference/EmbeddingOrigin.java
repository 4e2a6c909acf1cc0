package dev.likeness.ipadapter.reference;

import dev.likeness.diffusion.error.InvalidInputException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The networks that encoded references came from. Embeddings of other networks have other meanings
 * even if their size is equal. An empty value means unknown and is compatible with every value.
 *
 * @param encoder {@link dev.likeness.ipadapter.ImageEncoder#fingerprint} of the image encoder
 * @param faceEmbedder name of the face embedder
 * @param normalization {@code raw} or {@code unit}: whether face embeddings are normalised
 */
public record EmbeddingOrigin(String encoder, String faceEmbedder, String normalization) {
  /** An origin with no known value. */
  public static final EmbeddingOrigin UNKNOWN = new EmbeddingOrigin("", "", "");

  private static final String ENCODER_KEY = "likeness.encoder";
  private static final String FACE_EMBEDDER_KEY = "likeness.recogniser";
  private static final String NORMALIZATION_KEY = "likeness.length";

  /** Whose numbers all the references have; unknown where one does not say. */
  public static String faceEmbedder(List<Reference> references) {
    List<String> names =
        references.stream().map(Reference::faceEmbedder).distinct().toList();
    if (names.stream().filter(name -> !name.isEmpty()).count() > 1) {
      throw new IllegalArgumentException("the references have numbers of several face recognisers, "
          + names + ", which mean different things; read all faces with one");
    }
    return names.size() == 1 ? names.get(0) : "";
  }

  /** What a file's header keeps. */
  static EmbeddingOrigin of(Map<String, String> metadata) {
    return new EmbeddingOrigin(
        metadata.getOrDefault(ENCODER_KEY, ""),
        metadata.getOrDefault(FACE_EMBEDDER_KEY, ""),
        metadata.getOrDefault(NORMALIZATION_KEY, ""));
  }

  /** What is known, for a file's header. */
  Map<String, String> metadata() {
    Map<String, String> known = new HashMap<>(Map.of(
        ENCODER_KEY, encoder, FACE_EMBEDDER_KEY, faceEmbedder, NORMALIZATION_KEY, normalization));
    known.values().removeIf(String::isEmpty);
    return known;
  }

  /**
   * Checks that references come from the networks that a user of them needs.
   *
   * @param user name of the user in the message
   * @param wanted the origin that it needs
   * @throws InvalidInputException if a value that both know differs
   */
  public void require(String user, EmbeddingOrigin wanted) {
    require(user, "through an image encoder of fingerprint ", encoder, wanted.encoder);
    require(user, "by the face recogniser ", faceEmbedder, wanted.faceEmbedder);
    require(user, "as face vectors of length ", normalization, wanted.normalization);
  }

  private static void require(String user, String how, String has, String wanted) {
    if (!has.isEmpty() && !wanted.isEmpty() && !has.equals(wanted)) {
      throw new InvalidInputException("references encoded " + how + has + " are not what " + user
          + " looks at, which takes " + wanted + "; encode them with it");
    }
  }
}
