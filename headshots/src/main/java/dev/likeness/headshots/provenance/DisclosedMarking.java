package dev.likeness.headshots.provenance;

import dev.likeness.diffusion.image.Marking;
import dev.likeness.diffusion.image.Picture;

/** Writes every generated picture as {@link Disclosure#standard()} does; found as a service. */
public final class DisclosedMarking implements Marking {
  @Override
  public byte[] png(Picture generated, boolean edited) {
    return Disclosure.standard().edited(edited).png(generated);
  }
}
