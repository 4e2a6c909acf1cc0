package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.text.Qwen3Config.Qwen3KeyFormat;
import dev.likeness.diffusion.internal.text.T5KeyFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Finds a language model that encodes prompts in a file: T5 or Qwen 3. */
final class LanguageModelFile {
  /** No prefix for a file of its own, then T5's prefixes in whole checkpoints. */
  private static final List<String> PREFIXES =
      List.of("", "text_encoders.t5xxl.transformer.", "text_encoders.t5xxl.");

  private LanguageModelFile() {}

  /** Returns the text encoder in {@code path}; empty if there is none. */
  static Optional<ComponentFile> find(String component, Path path, TensorNames keys) {
    for (String prefix : PREFIXES) {
      KeyMapping t5 = T5KeyFormat.layout(keys, prefix);
      KeyMapping qwen = Qwen3KeyFormat.layout(keys, prefix);
      if (t5 != null) {
        return Optional.of(ComponentFile.whole(
            "T5EncoderModel",
            T5KeyFormat.config(new CanonicalTensors(keys, t5)),
            component,
            path,
            keys,
            t5));
      }
      if (qwen != null) {
        return Optional.of(ComponentFile.whole(
            "Qwen3ForCausalLM",
            Qwen3KeyFormat.config(new CanonicalTensors(keys, qwen)),
            component,
            path,
            keys,
            qwen));
      }
    }
    return Optional.empty();
  }
}
