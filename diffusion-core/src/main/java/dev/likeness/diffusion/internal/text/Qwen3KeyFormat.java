package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.LlamaCppKeyFormat;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Key formats of a Qwen3 language model file, and its {@code config.json} from names and shapes.
 */
public final class Qwen3KeyFormat {
  private static final String LAYER = "model.layers.0.";
  private static final double THETA = 1e6;

  private Qwen3KeyFormat() {}

  /** The key mapping of the language model below {@code prefix}; null if there is none. */
  public static KeyMapping layout(TensorNames keys, String prefix) {
    if (LlamaCppKeyFormat.isQwen3(keys, prefix)) {
      return LlamaCppKeyFormat.qwen3(keys, prefix);
    }
    return keys.has(prefix + LAYER + "self_attn.q_norm.weight")
            && keys.has(prefix + "model.embed_tokens.weight")
        ? new KeyMapping.SameNames(List.of("model.", "lm_head.")).withPrefix(prefix)
        : null;
  }

  /**
   * The options under transformers' names, by canonical names; defaults are those of the published
   * models.
   */
  public static Map<String, Object> config(TensorNames keys) {
    ShapeReader shapes = new ShapeReader(keys, "", "language model");
    int head = shapes.size(LAYER + "self_attn.q_norm.weight", 0);
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("architectures", List.of("Qwen3ForCausalLM"));
    config.put("model_type", "qwen3");
    config.put("vocab_size", shapes.size("model.embed_tokens.weight", 0));
    config.put("hidden_size", shapes.size("model.embed_tokens.weight", 1));
    config.put("intermediate_size", shapes.size(LAYER + "mlp.gate_proj.weight", 0));
    config.put("num_hidden_layers", ShapeReader.Numbered.count(keys, "model.layers."));
    config.put("num_attention_heads", shapes.size(LAYER + "self_attn.q_proj.weight", 0) / head);
    config.put("num_key_value_heads", shapes.size(LAYER + "self_attn.k_proj.weight", 0) / head);
    config.put("head_dim", head);
    config.put("hidden_act", "silu");
    config.put("rms_norm_eps", 1e-6);
    config.put("rope_theta", THETA);
    config.put("tie_word_embeddings", !keys.has("lm_head.weight"));
    return config;
  }
}
