package dev.likeness.headshots.shoot;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.image.Resampler;

/** Makes images larger before they are drawn over, such as {@code SuperResolution::enlarge}. */
@FunctionalInterface
public interface Upscaler {
  /** Cubic convolution: nothing is made up. */
  Upscaler CUBIC = Resampler.CUBIC::resize;

  /** The image at {@code width} by {@code height} pixels, which are no less than its own. */
  RgbImage upscale(RgbImage image, int width, int height);
}
