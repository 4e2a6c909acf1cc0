package dev.likeness.lora.internal.file;

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
 * The textual inversions that a file brings: new tokens, which prompts may name while the LoRA is
 * carried.
 */
final class BundledEmbeddings {
  // kohya and OneTrainer bundle them by name, which diffusers refuses: it wants "lora" in every key
  // and passes over those of
  // no part of the model. cloneofsimo and diffusers use the token itself.
  private static final Pattern BUNDLED = Pattern.compile("(?:bundle_emb|lora_word)\\.(.+)\\."
      + "(string_to_param\\..+|emb_params|clip_[lg](?:_out)?|t5(?:_out)?|text_encoders_[012])");
  /**
   * Of OneTrainer's words that take the place of what a text tower says, which is not done here.
   */
  private static final String OUTPUT = "_out";

  private static final Pattern STORED = Pattern.compile("string_to_param\\.(.+)");
  private static final Pattern TOKEN = Pattern.compile("<[^<>]+>");
  private static final Pattern PLAIN_KEYS =
      Pattern.compile("emb_params|clip_[lg]|text_encoders_[012]");

  private BundledEmbeddings() {}

  /** The name of the token that a key holds, if it holds one. */
  static Optional<String> tokenOf(String key, TensorSource source, Map<String, String> notes) {
    for (Pattern named : new Pattern[] {BUNDLED, STORED}) {
      Matcher match = named.matcher(key);
      if (match.matches()) {
        return Optional.of(
            match.group(1).equals("*") ? notes.getOrDefault("name", "*") : match.group(1));
      }
    }
    boolean vector = source.shape(key).length <= 2;
    if (vector && (TOKEN.matcher(key).matches() || "<embed>".equals(notes.get(key)))) {
      return Optional.of(key);
    }
    return vector && PLAIN_KEYS.matcher(key).matches()
        ? Optional.of(notes.getOrDefault("name", key))
        : Optional.empty();
  }

  /**
   * Keys of vectors that are not read: T5's, and all of words of which some take the place of what
   * a tower says.
   */
  static Set<String> unsupportedKeys(TensorSource source, Map<String, String> notes) {
    Set<String> tokens = source.names().stream()
        .filter(key -> key.endsWith(OUTPUT))
        .flatMap(key -> tokenOf(key, source, notes).stream())
        .collect(Collectors.toSet());
    return source.names().stream()
        .filter(key -> tokenOf(key, source, notes)
            .filter(token ->
                tokens.contains(token) || embeddingWidth(source, key) == TextualInversion.T5_WIDTH)
            .isPresent())
        .collect(Collectors.toSet());
  }

  private static int embeddingWidth(TensorSource source, String key) {
    long[] shape = source.shape(key);
    return Math.toIntExact(shape[shape.length - 1]);
  }

  /** All of them with their vectors, but for {@link #unsupportedKeys}. */
  static List<TextualInversion> read(TensorSource source, Map<String, String> notes) {
    Map<String, Map<Integer, float[]>> words = new LinkedHashMap<>();
    Set<String> unread = unsupportedKeys(source, notes);
    try (TensorScope scope = TensorScope.open()) {
      source.names().stream()
          .filter(key -> !unread.contains(key))
          .forEach(key -> tokenOf(key, source, notes)
              .ifPresent(token -> words
                  .computeIfAbsent(token, t -> new LinkedHashMap<>())
                  .put(embeddingWidth(source, key), ImageTensors.floats(source.read(key)))));
    }
    return words.entrySet().stream()
        .map(word -> new TextualInversion(word.getKey(), word.getValue()))
        .toList();
  }

  /** What a word's tensors are called in a LoRA's file of that key format. */
  static void write(Map<String, Tensor> tensors, TextualInversion word, KeyFormat keyFormat) {
    boolean alone = word.values().size() == 1;
    String start =
        (keyFormat == KeyFormat.KOHYA ? "bundle_emb." : "lora_word.") + word.token() + ".";
    word.byTextEncoder()
        .forEach((textEncoder, numbers) -> tensors.put(
            start + (alone ? "string_to_param.*" : textEncoder),
            torch.tensor(numbers).view(word.vectors(), -1)));
  }
}
