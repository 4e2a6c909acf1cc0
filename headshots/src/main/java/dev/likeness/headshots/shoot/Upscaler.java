package dev.likeness.headshots.shoot;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;

/** Enlarges an image before the base adds details to it. Implementations are thread-safe. */
@FunctionalInterface
public interface Upscaler {
  /** Cubic convolution, which adds no detail. */
  Upscaler CUBIC = Resampler.CUBIC::resize;

  /**
   * Enlarges an image.
   *
   * @param image the image
   * @param width width of the result in pixels, at least the width of the image
   * @param height height of the result in pixels, at least the height of the image
   * @return the enlarged image
   */
  RgbImage upscale(RgbImage image, int width, int height);
}
