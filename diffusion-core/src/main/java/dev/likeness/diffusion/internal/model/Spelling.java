package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.text.ClipKeyFormat;
import java.util.Map;

/**
 * The spellings of one key that published folders of different years have, brought to the canonical
 * one.
 */
final class Spelling {
  private static final Map<String, String> OLD_ATTENTION =
      Map.of("query", "to_q", "key", "to_k", "value", "to_v", "proj_attn", "to_out.0");

  private Spelling() {}

  /** The tensors of a component of a diffusers folder under their canonical names. */
  static TensorSource canonical(String className, String component, TensorSource source) {
    if (className != null && className.startsWith("CLIPTextModel")) {
      return textEncoder(source);
    }
    if (className != null && className.startsWith("Qwen3")) {
      return new RenamedSource(
          source,
          name ->
              name.startsWith("model.") || name.startsWith("lm_head.") ? name : "model." + name);
    }
    return component.equals("vae") ? autoencoder(source) : source;
  }

  /**
   * transformers 5 drops the prefix {@code text_model.}; older files also carry an index buffer, a
   * whole CLIP what looks at pictures.
   */
  private static TensorSource textEncoder(TensorSource source) {
    return new RenamedSource(source, name -> {
      if (ClipKeyFormat.isBeside(name)) {
        return null;
      }
      return name.startsWith("text_model.") || name.startsWith("text_projection.")
          ? name
          : "text_model." + name;
    });
  }

  /** The first autoencoder folders call an attention's layers query, key, value and proj_attn. */
  private static TensorSource autoencoder(TensorSource source) {
    return new RenamedSource(source, name -> {
      String[] parts = name.split("\\.");
      boolean attention = name.contains("mid_block.attentions.") && parts.length > 2;
      String now = attention ? OLD_ATTENTION.get(parts[parts.length - 2]) : null;
      if (now == null) {
        return name;
      }
      parts[parts.length - 2] = now;
      return String.join(".", parts);
    });
  }
}
