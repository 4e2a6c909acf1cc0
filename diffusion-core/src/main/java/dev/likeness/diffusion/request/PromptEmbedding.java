package dev.likeness.diffusion.request;

import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.tensor.Latents;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A prompt as the network is told it, to be kept, mixed and drawn from.
 *
 * @param tokens [count, width] by rows
 * @param count how many tokens
 * @param pooled one vector for the whole prompt, which SDXL is told too; empty for other families
 */
public record PromptEmbedding(float[] tokens, int count, float[] pooled) {
  public PromptEmbedding {
    if (count < 1 || tokens.length == 0 || tokens.length % count != 0) {
      throw new IllegalArgumentException(tokens.length + " values are not " + count + " tokens");
    }
    tokens = tokens.clone();
    pooled = pooled.clone();
  }

  public static PromptEmbedding of(Tensor tokens, Tensor pooled) {
    return new PromptEmbedding(
        ImageTensors.floats(tokens),
        Math.toIntExact(tokens.size(1)),
        pooled == null ? new float[0] : ImageTensors.floats(pooled));
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

  /** [1, count, width], f32, CPU; owned by the calling scope. */
  public Tensor tokenTensor() {
    return torch.tensor(tokens).view(1, count, width());
  }

  /** [1, width], or null where there is none. */
  public Tensor pooledTensor() {
    return pooled.length == 0 ? null : torch.tensor(pooled).view(1, pooled.length);
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
