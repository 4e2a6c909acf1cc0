package dev.likeness.portrait.people;

import dev.likeness.diffusion.image.RgbImage;
import java.util.List;

/**
 * A drawn portrait and what is known about it.
 *
 * @param person who it is
 * @param shot how it was taken
 * @param image the pixels
 * @param caption a prompt that asks for this image
 * @param landmarks ten numbers, x and y in pixels: the eyes (image's left, then right), the tip of
 *     the nose, the corners of the mouth (left, right)
 * @param faceMask share of each pixel, 0 to 255, that is the head's skin, rows from the top
 * @param hairMask share of each pixel, 0 to 255, that is hair of the head or beard
 * @param clothesMask share of each pixel, 0 to 255, that is clothes or a headscarf
 * @param backdropMask share of each pixel, 0 to 255, that is nothing of the person
 */
public record Portrait(
    Person person,
    Shot shot,
    RgbImage image,
    String caption,
    float[] landmarks,
    byte[] faceMask,
    byte[] hairMask,
    byte[] clothesMask,
    byte[] backdropMask) {
  /** {@link Person#identity()}: the numbers that make this face this face. */
  public float[] identity() {
    return person.identity();
  }

  /** {@link Words#traits}: words for what stands out and the caption leaves unsaid. */
  public List<String> traits() {
    return Words.traits(person, shot);
  }
}
