package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.image.RgbImage;

/**
 * Capability: the network takes a reference image in addition to the noise, to edit it. With a
 * strength below 1, sampling starts from the image instead; with a mask, the network takes the
 * image at any strength. The reference latents are the mode of the autoencoder's distribution.
 */
@FunctionalInterface
public interface Editing {
  /**
   * The reference image, with sides of whole tokens.
   *
   * @param ownSize true if it keeps its size, instead of the nearest trained size
   * @throws IllegalArgumentException if it is smaller than a token
   */
  RgbImage prepareReference(RgbImage image, boolean ownSize);
}
