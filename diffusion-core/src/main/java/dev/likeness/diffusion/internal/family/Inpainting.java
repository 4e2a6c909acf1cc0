package dev.likeness.diffusion.internal.family;

import org.bytedeco.pytorch.Tensor;

/**
 * Capability: the network was trained for inpainting and takes the mask and the kept part as
 * additional channels.
 */
public interface Inpainting {
  /**
   * The additional channels of the network's input.
   *
   * @param mask 1 where to generate, [1, 1, height, width] in pixels
   * @param kept latents of the kept part [batch, channels, h, w]
   * @return [batch, any, h, w]
   */
  Tensor conditioning(Tensor mask, Tensor kept);

  /**
   * Returns true if the image is encoded, which advances the random generator, even at strength 1.
   */
  default boolean alwaysEncodesImage() {
    return false;
  }
}
