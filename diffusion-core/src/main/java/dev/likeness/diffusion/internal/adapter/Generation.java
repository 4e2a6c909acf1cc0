package dev.likeness.diffusion.internal.adapter;

import dev.likeness.diffusion.tensor.Compute;

/**
 * The generation that adapters contribute to.
 *
 * @param compute the model's type and device
 * @param usesGuidance true if the network gets each batch twice: first with the negative prompt,
 *     then with the prompt
 * @param width width of the images in pixels
 * @param height height of the images in pixels
 * @param vaeScaleFactor pixels along one side of a latent pixel
 */
public record Generation(
    Compute compute, boolean usesGuidance, int width, int height, int vaeScaleFactor) {
  public Generation {
    if (width < 1 || height < 1 || vaeScaleFactor < 1) {
      throw new IllegalArgumentException(
          "width, height and VAE scale factor must be at least 1, got " + width + "x" + height
              + " and scale factor " + vaeScaleFactor);
    }
  }

  /** A use of the networks without an image, such as training: one latent of one pixel. */
  public static Generation withoutImage(Compute compute) {
    return new Generation(compute, false, 1, 1, 1);
  }
}
