package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.lora.file.KeyFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The textual inversions of a LoRA file. Prompts may use their tokens while a request has the LoRA.
 */
final class BundledEmbeddings {
  // kohya and OneTrainer store them under their name. diffusers refuses such keys: it expects
  // "lora" in every key, and ignores keys with it that belong to no component. So a file for
  // diffusers has names that begin with lora_word. cloneofsimo and diffusers use the token itself
  // as the key.
  private static final Pattern BUNDLED = Pattern.compile("(?:bundle_emb|lora_word)\\.(.+)\\."
      + "(string_to_param\\..+|emb_params|clip_[lg](?:_out)?|t5(?:_out)?|text_encoders_[012])");
  /**
   * The ending of OneTrainer's embeddings that replace the output of a text encoder; not supported.
   */
  private static final String OUTPUT = "_out";

  private static final Pattern STORED = Pattern.compile("string_to_param\\.(.+)");
  private static final Pattern TOKEN = Pattern.compile("<[^<>]+>");
  private static final Pattern PLAIN_KEYS =
      Pattern.compile("emb_params|clip_[lg]|text_encoders_[012]");

  private BundledEmbeddings() {}

  /** Returns the name of the token of a key, if it is the key of an embedding. */
  static Optional<String> tokenOf(String key, TensorSource source, Map<String, String> metadata) {
    for (Pattern named : new Pattern[] {BUNDLED, STORED}) {
      Matcher match = named.matcher(key);
      if (match.matches()) {
        return Optional.of(
            match.group(1).equals("*") ? metadata.getOrDefault("name", "*") : match.group(1));
      }
    }
    boolean vector = source.shape(key).length <= 2;
    if (vector && (TOKEN.matcher(key).matches() || "<embed>".equals(metadata.get(key)))) {
      return Optional.of(key);
    }
    return vector && PLAIN_KEYS.matcher(key).matches()
        ? Optional.of(metadata.getOrDefault("name", key))
        : Optional.empty();
  }

  /**
   * Returns the keys of vectors that are not read: vectors for T5, and all vectors of tokens that
   * also replace the output of a text encoder.
   */
  static Set<String> unsupportedKeys(TensorSource source, Map<String, String> metadata) {
    Set<String> tokens = source.names().stream()
        .filter(key -> key.endsWith(OUTPUT))
        .flatMap(key -> tokenOf(key, source, metadata).stream())
        .collect(Collectors.toSet());
    return source.names().stream()
        .filter(key -> tokenOf(key, source, metadata)
            .filter(token -> tokens.contains(token)
                || TensorNames.embeddingWidth(source, key) == TextualInversion.T5_WIDTH)
            .isPresent())
        .collect(Collectors.toSet());
  }

  /**
   * Returns all textual inversions with their vectors, except those of {@link #unsupportedKeys}.
   *
   * @throws InvalidInputException if a token has two tensors of one width, or another number of
   *     vectors for each text encoder
   */
  static List<TextualInversion> read(TensorSource source, Map<String, String> metadata) {
    Map<String, Map<Integer, float[]>> words = new LinkedHashMap<>();
    Set<String> unread = unsupportedKeys(source, metadata);
    try (TensorScope scope = TensorScope.open()) {
      source.names().stream()
          .filter(key -> !unread.contains(key))
          .forEach(key -> tokenOf(key, source, metadata).ifPresent(token -> {
            float[] before = words
                .computeIfAbsent(token, t -> new LinkedHashMap<>())
                .put(
                    TensorNames.embeddingWidth(source, key), ImageTensors.floats(source.read(key)));
            requireOneLength(source, token, words.get(token), before == null);
          }));
    }
    return words.entrySet().stream()
        .map(inversion -> new TextualInversion(inversion.getKey(), inversion.getValue()))
        .toList();
  }

  private static void requireOneLength(
      TensorSource source, String token, Map<Integer, float[]> values, boolean isNew) {
    long lengths = values.entrySet().stream()
        .map(one -> one.getValue().length / one.getKey())
        .distinct()
        .count();
    if (!isNew || lengths > 1 || token.isBlank()) {
      throw new InvalidInputException(source.describe() + ": the textual inversion "
          + Quoted.of(token)
          + (token.isBlank()
              ? " has a blank token"
              : isNew
                  ? " has different numbers of vectors for the text encoders"
                  : " has two tensors of the same width")
          + ", expected a token with the same number of vectors for each text encoder; train or"
          + " download it again");
    }
  }

  /** Adds the tensors of a textual inversion under the names of a key format. */
  static void write(Map<String, Tensor> tensors, TextualInversion inversion, KeyFormat keyFormat) {
    boolean alone = inversion.values().size() == 1;
    String start =
        (keyFormat == KeyFormat.KOHYA ? "bundle_emb." : "lora_word.") + inversion.token() + ".";
    inversion
        .byTextEncoder()
        .forEach((textEncoder, numbers) -> tensors.put(
            start + (alone ? "string_to_param.*" : textEncoder),
            torch.tensor(numbers).view(inversion.vectors(), -1)));
  }
}
