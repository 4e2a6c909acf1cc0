package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.nn.Activation;
import java.util.List;

/**
 * The shape of a CLIP text encoder, by transformers' names.
 *
 * @param projection width of {@code text_projection}, or 0 when the class has none
 * @param endToken the id whose first position gives the pooled vector; 2 is a legacy value for "the
 *     largest id"
 */
public record ClipTextConfig(
    int vocabulary,
    int width,
    int intermediateSize,
    int layers,
    int heads,
    int positions,
    Activation activation,
    double eps,
    int projection,
    int endToken) {
  /** Reads a text encoder's {@code config.json}. */
  public static ClipTextConfig of(ModelConfig c) {
    return of(c, c.has("architectures") ? c.texts("architectures", List.of()) : List.of());
  }

  /** Reads the config for another class than its own. */
  public static ClipTextConfig of(ModelConfig c, List<String> classes) {
    c.requireValue("use_attention_mask", false);
    boolean projects = classes.contains("CLIPTextModelWithProjection");
    ClipTextConfig config = new ClipTextConfig(
        c.integer("vocab_size", 49408),
        c.integer("hidden_size", 512),
        c.integer("intermediate_size", 2048),
        c.integer("num_hidden_layers", 12),
        c.positive("num_attention_heads", 8),
        c.integer("max_position_embeddings", 77),
        Activation.of(c, "hidden_act", "quick_gelu"),
        c.epsilon("layer_norm_eps", 1e-5),
        projects ? c.integer("projection_dim", 512) : 0,
        c.integer("eos_token_id", 49407));
    c.requireDivided("hidden_size", List.of(config.width), config.heads, "num_attention_heads");
    return config;
  }
}
