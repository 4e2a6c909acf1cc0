package dev.likeness.headshots;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.internal.image.Resampler;

/** Makes pictures larger before they are drawn over, such as {@code SuperResolution::enlarge}. */
@FunctionalInterface
public interface Enlarger {
  /** Cubic convolution: nothing is made up. */
  Enlarger CUBIC = Resampler.CUBIC::resize;

  /** The picture at {@code width} by {@code height} pixels, which are no less than its own. */
  Picture enlarge(Picture picture, int width, int height);
}
