package dev.likeness.diffusion.internal.nn.transformer;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Packs latents into FLUX's tokens: each square of two by two latents is one token, channel by
 * channel.
 */
public final class LatentPacking {
  private LatentPacking() {}

  /** Maps [batch, channels, h, w] to [batch, h/2 * w/2, 4 * channels], row by row. */
  public static Tensor pack(Tensor latents) {
    long h = latents.size(2) / 2;
    long w = latents.size(3) / 2;
    return latents
        .reshape(latents.size(0), latents.size(1), h, 2, w, 2)
        .permute(0, 2, 4, 1, 3, 5)
        .reshape(latents.size(0), h * w, -1);
  }

  /** The inverse of {@link #pack} for latents of {@code height} by {@code width}. */
  public static Tensor unpack(Tensor tokens, long height, long width) {
    return tokens
        .reshape(tokens.size(0), height / 2, width / 2, -1, 2, 2)
        .permute(0, 3, 1, 4, 2, 5)
        .reshape(tokens.size(0), -1, height, width);
  }

  /**
   * Returns the positions of text tokens, which are zeros, and of an image's tokens after them:
   * [textTokens + height/2 * width/2, 3], f32.
   */
  public static Tensor positionsAfterText(long textTokens, long height, long width) {
    return torch.cat(new TensorVector(torch.zeros(textTokens, 3), positions(height, width, 0)), 0);
  }

  /**
   * Returns the positions of an image's tokens: [height/2 * width/2, 3], f32; the first number is
   * {@code layer}.
   */
  public static Tensor positions(long height, long width, double layer) {
    long h = height / 2;
    long w = width / 2;
    Tensor rows = torch.arange(new Scalar((double) h)).unsqueeze(1).expand(h, w);
    Tensor columns = torch.arange(new Scalar((double) w)).unsqueeze(0).expand(h, w);
    Tensor layers = torch.full(new long[] {h, w}, new Scalar(layer));
    return torch.stack(new TensorVector(layers, rows, columns), -1).reshape(h * w, 3);
  }
}
