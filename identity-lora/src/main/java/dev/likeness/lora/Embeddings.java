package dev.likeness.lora;

import dev.likeness.diffusion.weights.TensorSource;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The textual inversions that a file brings: new tokens, which prompts can name once they are loaded as such. */
final class Embeddings {
  // kohya and OneTrainer bundle them by name; cloneofsimo and diffusers use the token itself.
  private static final Pattern BUNDLED = Pattern.compile("bundle_emb\\.([^.]+)\\..+");
  private static final Pattern STORED = Pattern.compile("string_to_param\\.(.+)");
  private static final Pattern TOKEN = Pattern.compile("<[^<>]+>");
  private static final Pattern BARE = Pattern.compile("emb_params|clip_[lg]|text_encoders_[012]");

  private Embeddings() {}

  /** The name of the token that a key holds, if it holds one. */
  static Optional<String> name(String key, TensorSource source, Map<String, String> notes) {
    for (Pattern named : new Pattern[] {BUNDLED, STORED}) {
      Matcher match = named.matcher(key);
      if (match.matches()) {
        return Optional.of(match.group(1).equals("*") ? notes.getOrDefault("name", "*") : match.group(1));
      }
    }
    boolean vector = source.shape(key).length <= 2;
    if (vector && (TOKEN.matcher(key).matches() || "<embed>".equals(notes.get(key)))) {
      return Optional.of(key);
    }
    return vector && BARE.matcher(key).matches() ? Optional.of(notes.getOrDefault("name", key)) : Optional.empty();
  }
}
