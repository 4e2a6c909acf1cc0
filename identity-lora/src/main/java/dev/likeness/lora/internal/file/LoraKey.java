package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.lora.file.KeyFormat;
import java.util.Optional;

/**
 * A parsed key of a LoRA file.
 *
 * @param component the component of its layer, or null if the key has no prefix of a component
 * @param path the layer's path in its component; its dots may be underscores
 * @param keyFormat the key format
 * @param role the role of the tensor
 */
record LoraKey(ModelComponent component, String path, LoraRole role, KeyFormat keyFormat) {
  /** Parses a key; empty if it is not that of a LoRA. */
  static Optional<LoraKey> parse(String key) {
    return KeyEnding.split(key).map(cut -> {
      String stem = cut.stem().replace(KeyPrefix.PEFT, "").replace(".processor.", ".");
      return KeyPrefix.of(stem)
          .map(prefix -> new LoraKey(
              prefix.component(),
              prefix.rest(stem),
              cut.role(),
              combineFormats(cut.keyFormat(), prefix.keyFormat())))
          .orElseGet(() -> new LoraKey(
              null, stem, cut.role(), cut.keyFormat() == null ? KeyFormat.PEFT : cut.keyFormat()));
    });
  }

  // A prefix that only one program uses decides the key format before the ending does.
  private static KeyFormat combineFormats(KeyFormat ending, KeyFormat prefix) {
    return ending == null || prefix != KeyFormat.PEFT ? prefix : ending;
  }
}
