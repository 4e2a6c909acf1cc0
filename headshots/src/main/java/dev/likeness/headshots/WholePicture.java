package dev.likeness.headshots;

import dev.likeness.diffusion.request.Adapter;
import java.util.List;

/**
 * What may be drawn with where the base sees windows or crops of a picture: nobody who is in some
 * places of it alone.
 */
final class WholePicture {
  private WholePicture() {}

  /**
   * Refuses adapters that act in places of the picture, such as an image prompt with a mask, which
   * would lie over each window or crop as if it were the picture.
   *
   * @param work what is to be done, for the message
   * @throws IllegalArgumentException when one does
   */
  static void require(List<Adapter> adapters, String work) {
    if (adapters.stream().anyMatch(Adapter::isPlaced)) {
      throw new IllegalArgumentException(
          work + " is drawn in windows or crops of the picture, and an image prompt's mask lies"
              + " over the picture as a whole; show the person without a mask, or draw at the base's own size");
    }
  }
}
