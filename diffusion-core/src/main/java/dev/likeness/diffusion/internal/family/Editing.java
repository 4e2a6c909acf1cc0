package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.image.RgbImage;

/**
 * Capability: the network is given a whole image beside the noise, to edit it. A strength below 1
 * generates over the image instead; with a mask the network is given it at any strength. The image
 * stands for the mode of its latents, without random numbers.
 */
@FunctionalInterface
public interface Editing {
  /**
   * The image as the network is given it, its sides whole tokens.
   *
   * @param ownSize whether it keeps its size, rather than being brought to one that the network was
   *     trained on
   * @throws IllegalArgumentException when it is smaller than a token
   */
  RgbImage prepareReference(RgbImage image, boolean ownSize);
}
