package dev.likeness.portrait.attributes;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.portrait.people.Attribute;
import java.util.Map;

/**
 * Reads from a picture which word of each attribute holds. Safe for threads; the same picture gives
 * the same answer.
 */
@FunctionalInterface
public interface ReadBack {
  /** For every attribute one of its {@linkplain Attribute#words() words}; pictures of any size. */
  Map<Attribute, String> of(RgbImage image);
}
