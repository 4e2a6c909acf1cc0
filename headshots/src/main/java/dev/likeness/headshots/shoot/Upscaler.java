package dev.likeness.headshots.shoot;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.image.Resampler;

/** Enlarges an image before details are generated over it. */
@FunctionalInterface
public interface Upscaler {
  /** Cubic convolution, which adds no detail. */
  Upscaler CUBIC = Resampler.CUBIC::resize;

  /** The image at {@code width} by {@code height} pixels, neither smaller than its own. */
  RgbImage upscale(RgbImage image, int width, int height);
}
