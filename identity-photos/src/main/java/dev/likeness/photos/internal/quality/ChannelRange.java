package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;

/** The range of a pixel's channels, which is 0 for grey. */
final class ChannelRange {
  private ChannelRange() {}

  /** Returns the largest channel of a pixel minus the smallest, 0..255. */
  static int of(RgbImage image, int x, int y) {
    int r = image.at(x, y, 0);
    int g = image.at(x, y, 1);
    int b = image.at(x, y, 2);
    return Math.max(r, Math.max(g, b)) - Math.min(r, Math.min(g, b));
  }
}
