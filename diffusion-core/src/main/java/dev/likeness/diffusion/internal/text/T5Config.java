package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.nn.Activation;

/**
 * The shape of a T5 encoder, by transformers' names.
 *
 * @param headWidth channels of one head ({@code d_kv}); heads times this need not be the width
 * @param gated whether the feed-forward multiplies two branches, as version 1.1 does
 * @param buckets how many distances between tokens have a bias of their own
 * @param farthest the distance from which on all share one
 */
public record T5Config(
    int vocabulary,
    int width,
    int headWidth,
    int inner,
    int layers,
    int heads,
    boolean gated,
    Activation activation,
    double eps,
    int buckets,
    int farthest) {
  private static final String GATED = "gated-";

  /** Reads a text encoder's {@code config.json}. */
  public static T5Config of(ModelConfig c) {
    String feedForward = c.text("feed_forward_proj", "relu");
    boolean gated = feedForward.startsWith(GATED);
    String name = gated ? feedForward.substring(GATED.length()) : feedForward;
    // transformers reads "gated-gelu" as the tanh formula, and only this one so.
    Activation activation =
        feedForward.equals("gated-gelu") ? Activation.GELU_TANH : Activation.parse(name);
    return new T5Config(
        c.integer("vocab_size", 32128),
        c.integer("d_model", 512),
        c.integer("d_kv", 64),
        c.integer("d_ff", 2048),
        c.integer("num_layers", 6),
        c.integer("num_heads", 8),
        gated,
        activation,
        c.number("layer_norm_epsilon", 1e-6),
        c.integer("relative_attention_num_buckets", 32),
        c.integer("relative_attention_max_distance", 128));
  }
}
