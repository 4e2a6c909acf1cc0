package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.memory.LayerUse;
import dev.likeness.diffusion.internal.memory.LayerUse.AttentionUse;
import dev.likeness.diffusion.internal.memory.NetworkLayout.Layers;

/**
 * The modules that transformers with text and image streams share, by what their layers compute.
 *
 * @param image the tokens of the image
 * @param text the tokens of the text
 * @param heads the heads of each attention
 * @param hasQkNorm true if queries and keys are normalised
 * @param hasRotaryEmbedding true if queries and keys are rotated by position
 */
public record StreamLayout(
    double image, double text, int heads, boolean hasQkNorm, boolean hasRotaryEmbedding) {
  /** Returns the tokens of a single stream. */
  public double joint() {
    return image + text;
  }

  /** Returns the joint attention of a double block. */
  public Layers jointAttention() {
    AttentionUse joint = attention(joint(), 5);
    return projections(image, joint)
        .add("add_q_proj", LayerUse.at(text).asking(joint.withoutMap()))
        .add("add_k_proj", LayerUse.at(text).sharingInput())
        .add("add_v_proj", LayerUse.at(text).sharingInput())
        .add("to_out.0", LayerUse.at(image))
        .add("to_add_out", LayerUse.at(text));
  }

  /**
   * Returns a self-attention with its output layer.
   *
   * @param tokens the tokens of the attention
   * @param tensors the number of tensors that it keeps: 5, or 4 if another layer keeps the input of
   *     its norm
   */
  public Layers selfAttention(double tokens, int tensors) {
    return projections(tokens, attention(tokens, tensors)).add("to_out.0", LayerUse.at(tokens));
  }

  /** Returns the queries, keys and values of an attention over {@code tokens}. */
  public Layers projections(double tokens, AttentionUse attention) {
    return new Layers()
        .add("to_q", LayerUse.at(tokens).asking(attention))
        .add("to_k", LayerUse.at(tokens).sharingInput())
        .add("to_v", LayerUse.at(tokens).sharingInput());
  }

  /** Returns an attention over {@code tokens} that keeps {@code tensors} tensors. */
  public AttentionUse attention(double tokens, int tensors) {
    return new AttentionUse(
        heads, tokens * tokens, tensors, tensors - 1, hasQkNorm, hasRotaryEmbedding);
  }

  /** Returns a feed-forward with GELU at the end of a block. */
  public static Layers feedForward(double tokens) {
    return new Layers()
        .add("net.0.proj", LayerUse.at(tokens).keeping(1, 1))
        .add("net.2", LayerUse.at(tokens).last());
  }

  /** Returns FLUX.1's single block, without its modulation. */
  public Layers singleBlock() {
    return new Layers()
        .add("attn", projections(joint(), attention(joint(), 5)))
        .add("proj_mlp", LayerUse.at(joint()).keeping(0, 1))
        .add("proj_out", LayerUse.at(joint()).last());
  }

  /** Returns a double block with GELU, without its modulation. */
  public Layers doubleBlock() {
    return new Layers()
        .add("attn", jointAttention())
        .add("ff", feedForward(image))
        .add("ff_context", feedForward(text));
  }

  /** Returns the embedding of time, pooled text and guidance. */
  public static Layers timeTextEmbedding() {
    Layers layers = new Layers();
    for (String embedder :
        new String[] {"timestep_embedder", "guidance_embedder", "text_embedder"}) {
      layers
          .add(embedder + ".linear_1", LayerUse.CONDITIONING)
          .add(embedder + ".linear_2", LayerUse.CONDITIONING);
    }
    return layers;
  }
}
