package dev.likeness.provenance.internal;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.provenance.Disclosure;

/**
 * Writes every generated picture as {@link dev.likeness.provenance.Disclosure#standard()} does;
 * found as a service.
 */
public final class DisclosureMarking implements GeneratedImage.Marking {
  @Override
  public byte[] png(RgbImage generated, boolean edited) {
    return Disclosure.standard().edited(edited).png(generated);
  }
}
