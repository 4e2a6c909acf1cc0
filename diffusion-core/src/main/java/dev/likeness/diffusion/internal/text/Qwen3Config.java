package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.nn.Activation;
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
          + ": option \"layer_types\" has unsupported types; only full_attention is supported");
    }
    if (config.keyValueHeads < 1 || heads % config.keyValueHeads != 0) {
      throw new InvalidInputException(c.source() + ": num_key_value_heads " + config.keyValueHeads
          + " must divide num_attention_heads " + heads);
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
              + " is not supported; only default is");
    }
    return rope.get("rope_theta") instanceof Number theta ? theta.doubleValue() : 10000;
  }
}
