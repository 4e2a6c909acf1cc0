package dev.likeness.provenance.internal;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.provenance.Disclosure;

/**
 * The service that marks generated images with
 * {@link dev.likeness.provenance.Disclosure#standard()}. Its priority is above that of the marking
 * by XMP alone.
 */
public final class DisclosureMarking implements GeneratedImage.Marking {
  private static final int PRIORITY = 100;

  @Override
  public byte[] encode(RgbImage generated, ImageFormat format, boolean edited) {
    return Disclosure.standard().encode(generated, format, edited);
  }

  @Override
  public RgbImage markPixels(RgbImage generated, boolean edited) {
    return Disclosure.standard().markPixels(generated, edited);
  }

  @Override
  public String name() {
    return "disclosure";
  }

  @Override
  public int priority() {
    return PRIORITY;
  }
}
