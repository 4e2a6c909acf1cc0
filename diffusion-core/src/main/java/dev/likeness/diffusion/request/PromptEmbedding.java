package dev.likeness.diffusion.request;

import dev.likeness.diffusion.tensor.Latents;
import java.util.Arrays;

/**
 * An encoded prompt, to be kept, mixed, and given in place of a prompt (diffusers:
 * {@code prompt_embeds} and {@code pooled_prompt_embeds}).
 *
 * @param tokens [count, width] by rows
 * @param count number of tokens
 * @param pooled one vector for the whole prompt, of SDXL; empty for other families
 */
public record PromptEmbedding(float[] tokens, int count, float[] pooled) {
  public PromptEmbedding {
    if (count < 1 || tokens.length == 0 || tokens.length % count != 0) {
      throw new IllegalArgumentException(tokens.length + " values are not " + count + " tokens");
    }
    tokens = tokens.clone();
    pooled = pooled.clone();
  }

  @Override
  public float[] tokens() {
    return tokens.clone();
  }

  @Override
  public float[] pooled() {
    return pooled.clone();
  }

  /** Numbers per token. */
  public int width() {
    return tokens.length / count;
  }

  /** The straight line between two prompts; 0 is this one, 1 the other. */
  public PromptEmbedding lerp(PromptEmbedding other, double share) {
    return new PromptEmbedding(
        Latents.Interpolation.lerp(tokens, other.tokens, share),
        count,
        Latents.Interpolation.lerp(pooled, other.pooled, share));
  }

  /** The great arc between two prompts; 0 is this one, 1 the other. */
  public PromptEmbedding slerp(PromptEmbedding other, double share) {
    return new PromptEmbedding(
        Latents.Interpolation.slerp(tokens, other.tokens, share),
        count,
        Latents.Interpolation.slerp(pooled, other.pooled, share));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PromptEmbedding p
        && p.count == count
        && Arrays.equals(p.tokens, tokens)
        && Arrays.equals(p.pooled, pooled);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(tokens);
  }

  @Override
  public String toString() {
    return "prompt embedding [" + count + ", " + width() + "]";
  }
}
