package dev.likeness.diffusion.internal.family;

import org.bytedeco.pytorch.Tensor;

/**
 * Capability: the network is made for inpainting, and is given the mask and the kept part beside
 * the sample.
 */
public interface Inpainting {
  /**
   * Channels given beside the sample.
   *
   * @param mask 1 where to generate, [1, 1, height, width] in pixels
   * @param kept latents of the kept part [batch, channels, h, w]
   * @return [batch, any, h, w]
   */
  Tensor conditioning(Tensor mask, Tensor kept);

  /**
   * Whether the image is encoded, and random numbers are drawn for it, even where all of it is
   * generated anew.
   */
  default boolean alwaysEncodesImage() {
    return false;
  }
}
