package dev.likeness.diffusion.internal.image;

import dev.likeness.diffusion.image.RgbImage;

/** A mask: which part of an image is generated, and which part is kept. */
@FunctionalInterface
public interface Mask {
  /** Returns the value of a pixel: 0 where the image is kept, 1 where it is generated. */
  double at(int x, int y);

  /** Returns the mask of an image that is white where an image is generated. */
  static Mask of(RgbImage white) {
    return (x, y) -> luma(white, x, y) / 255.0;
  }

  /**
   * Returns the luma of a pixel, 0 to 255: ITU-R BT.601 in 16-bit fixed point, as in Pillow's
   * conversion to {@code L}.
   */
  static int luma(RgbImage image, int x, int y) {
    return 19595 * image.at(x, y, 0) + 38470 * image.at(x, y, 1) + 7471 * image.at(x, y, 2) + 0x8000
        >> 16;
  }

  /** Returns an image of this mask: grey, and white where the mask is 1. */
  default RgbImage toImage(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    for (int y = 0, to = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        byte grey = (byte) Math.round(255 * at(x, y));
        rgb[to++] = grey;
        rgb[to++] = grey;
        rgb[to++] = grey;
      }
    }
    return RgbImage.of(width, height, rgb);
  }

  /** Pastes a generated image on an image of the same size, as {@link #paste} of a part does. */
  default RgbImage paste(RgbImage generated, RgbImage kept) {
    return paste(generated, 0, 0, kept);
  }

  /**
   * Pastes a generated image on a part of another image. Where this mask is between 0 and 1, both
   * are mixed.
   *
   * @param generated the image to paste
   * @param left its left edge in {@code kept}, in pixels
   * @param top its upper edge in {@code kept}, in pixels
   * @param kept the image to paste on, which has the coordinates of this mask
   * @return a new image of the size of {@code kept}
   */
  default RgbImage paste(RgbImage generated, int left, int top, RgbImage kept) {
    byte[] rgb = kept.rgb();
    for (int y = 0; y < generated.height(); y++) {
      for (int x = 0; x < generated.width(); x++) {
        double share = at(left + x, top + y);
        int to = 3 * ((top + y) * kept.width() + left + x);
        for (int channel = 0; channel < 3; channel++) {
          double mixed =
              share * generated.at(x, y, channel) + (1 - share) * (rgb[to + channel] & 255);
          rgb[to + channel] = (byte) Math.round(mixed);
        }
      }
    }
    return RgbImage.of(kept.width(), kept.height(), rgb);
  }
}
