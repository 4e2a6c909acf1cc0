package dev.likeness.diffusion.request;

import dev.likeness.diffusion.tensor.Latents;
import java.util.Arrays;

/**
 * Prompt embeddings, which can be kept, interpolated, and used instead of a prompt.
 *
 * <p>They are diffusers' {@code prompt_embeds} and {@code pooled_prompt_embeds}.
 *
 * @param tokens the embeddings, [count, width] in row-major order
 * @param count the number of tokens, at least 1
 * @param pooled SDXL's pooled embedding of the whole prompt; empty for other families
 */
public record PromptEmbedding(float[] tokens, int count, float[] pooled) {
  /**
   * Checks the number of tokens and copies the arrays.
   *
   * @throws IllegalArgumentException if {@code count} is below 1, or if the number of values is 0
   *     or not a multiple of {@code count}
   */
  public PromptEmbedding {
    if (count < 1 || tokens.length == 0 || tokens.length % count != 0) {
      throw new IllegalArgumentException(
          "a prompt embedding needs at least 1 token, with the same number of"
              + " values for each token; got " + tokens.length + " values for " + count
              + " tokens");
    }
    tokens = tokens.clone();
    pooled = pooled.clone();
  }

  /** {@return a copy of the embeddings, [count, width] in row-major order} */
  @Override
  public float[] tokens() {
    return tokens.clone();
  }

  /** {@return a copy of the pooled embedding; empty for families other than SDXL} */
  @Override
  public float[] pooled() {
    return pooled.clone();
  }

  /** {@return the number of values for each token} */
  public int width() {
    return tokens.length / count;
  }

  /**
   * {@return the linear interpolation between these embeddings and others of the same shape}
   *
   * @param other the other embeddings
   * @param share the weight of the other embeddings: 0 returns these embeddings, 1 returns the
   *     others
   * @throws IllegalArgumentException if the shapes differ
   */
  public PromptEmbedding lerp(PromptEmbedding other, double share) {
    requireSameShape(other);
    return new PromptEmbedding(
        Latents.Interpolation.lerp(tokens, other.tokens, share),
        count,
        Latents.Interpolation.lerp(pooled, other.pooled, share));
  }

  /**
   * {@return the spherical interpolation between these embeddings and others of the same shape}
   *
   * @param other the other embeddings
   * @param share the weight of the other embeddings: 0 returns these embeddings, 1 returns the
   *     others
   * @throws IllegalArgumentException if the shapes differ
   */
  public PromptEmbedding slerp(PromptEmbedding other, double share) {
    requireSameShape(other);
    return new PromptEmbedding(
        Latents.Interpolation.slerp(tokens, other.tokens, share),
        count,
        Latents.Interpolation.slerp(pooled, other.pooled, share));
  }

  private void requireSameShape(PromptEmbedding other) {
    if (other.count != count
        || other.tokens.length != tokens.length
        || other.pooled.length != pooled.length) {
      throw new IllegalArgumentException(
          "both embeddings must have the same shape, got " + this + " and " + other);
    }
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
