package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.LlamaCppKeyFormat;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.nn.Activation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The shape of a Qwen3 language model, by transformers' names.
 *
 * @param keyValueHeads the number of key and value heads, which query heads share
 * @param headDim channels of one head; heads times this need not be the width
 * @param attentionBias true if the attention's layers have biases
 * @param theta the base of the rotary embedding
 * @param tiedEmbeddings true if the output layer is the embedding
 */
public record Qwen3Config(
    int vocabulary,
    int width,
    int intermediateSize,
    int layers,
    int heads,
    int keyValueHeads,
    int headDim,
    Activation activation,
    double eps,
    boolean attentionBias,
    double theta,
    boolean tiedEmbeddings) {

  /**
   * Reads a text encoder's {@code config.json}; scaled positions and windowed attention are
   * refused.
   */
  public static Qwen3Config of(ModelConfig c) {
    c.requireValue("use_sliding_window", false);
    c.requireValue("rope_scaling", null);
    int heads = c.positive("num_attention_heads", 32);
    Qwen3Config config = new Qwen3Config(
        c.integer("vocab_size", 151936),
        c.integer("hidden_size", 4096),
        c.integer("intermediate_size", 22016),
        c.integer("num_hidden_layers", 32),
        heads,
        c.integer("num_key_value_heads", heads),
        c.positive("head_dim", 128),
        Activation.of(c, "hidden_act", "silu"),
        c.epsilon("rms_norm_eps", 1e-6),
        c.flag("attention_bias", false),
        theta(c),
        c.flag("tie_word_embeddings", false));
    if (!c.texts("layer_types", List.of()).stream().allMatch("full_attention"::equals)) {
      throw new InvalidInputException(c.source()
          + ": option \"layer_types\" has unsupported types; only \"full_attention\" is supported");
    }
    if (config.keyValueHeads < 1 || heads % config.keyValueHeads != 0) {
      throw c.wrong(
          "num_key_value_heads", config.keyValueHeads, "a divisor of num_attention_heads " + heads);
    }
    return config;
  }

  // Transformers 5 groups the rope options; earlier versions do not.
  private static double theta(ModelConfig c) {
    if (!(c.values().get("rope_parameters") instanceof Map<?, ?> rope)) {
      return c.number("rope_theta", 10000);
    }
    if (rope.get("rope_type") != null && !rope.get("rope_type").equals("default")) {
      throw new InvalidInputException(
          c.source() + ": rope_type " + Quoted.of(String.valueOf(rope.get("rope_type")))
              + " is not supported; only \"default\" is supported");
    }
    return rope.get("rope_theta") instanceof Number theta ? theta.doubleValue() : 10000;
  }

  /**
   * Key formats of a Qwen3 language model file, and its {@code config.json} from names and shapes.
   */
  public static final class Qwen3KeyFormat {
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
     * The options under transformers' names, by canonical names; defaults are those of the
     * published models.
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
}
