package dev.likeness.portrait.attributes;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.portrait.people.Attribute;
import java.util.Map;

/**
 * Reads from an image which word of each attribute holds. Safe for threads; the same image gives
 * the same answer.
 */
@FunctionalInterface
public interface ReadBack {
  /** For every attribute one of its {@linkplain Attribute#words() words}; images of any size. */
  Map<Attribute, String> of(RgbImage image);
}
