package dev.likeness.diffusion.internal.nn.unet;

import dev.likeness.diffusion.request.GuidanceOptions;

/**
 * How a UNet deviates from its weights while it samples.
 *
 * @param tokenMergingRatio the share of image tokens, 0 to 0.75, that are merged for the
 *     self-attention at the largest level with attention (Bolya and Hoffman 2023,
 *     arXiv:2303.17604); one token of each 2x2 square always stays
 * @param freeU the factors of FreeU in the first two up blocks (Si et al. 2023, arXiv:2309.11497);
 *     null for none
 */
public record UNetOptions(double tokenMergingRatio, GuidanceOptions.FreeU freeU) {
  /** The UNet as its weights say. */
  public static final UNetOptions NONE = new UNetOptions(0, null);

  public UNetOptions {
    if (!(tokenMergingRatio >= 0 && tokenMergingRatio <= 0.75)) {
      throw new IllegalArgumentException(
          "the share of merged tokens must be in 0..0.75, got " + tokenMergingRatio);
    }
  }
}
