package dev.likeness.ipadapter;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Arrays;

/** A mask that is white inside a box. */
final class BoxMask {
  // Finer than the attentions of an image of 4096 pixels.
  private static final int SIDE = 1024;
  // Sums of decimal fractions, such as 0.7 + 0.3, may be a little above 1.
  private static final double ROUNDING = 1e-9;

  private BoxMask() {}

  /** Returns the mask of a box, whose edges are shares of the image's sides. */
  static RgbImage of(double x, double y, double width, double height) {
    boolean isInside = x >= 0
        && y >= 0
        && width > 0
        && height > 0
        && x + width <= 1 + ROUNDING
        && y + height <= 1 + ROUNDING;
    if (!isInside) {
      throw new IllegalArgumentException("a box must lie inside the image, with edges from 0 to 1"
          + " and a size above 0, got x " + x + ", y " + y + ", width " + width + ", height "
          + height);
    }
    int left = (int) Math.round(x * SIDE);
    int right = Math.max(left + 1, Math.min(SIDE, (int) Math.round((x + width) * SIDE)));
    int top = (int) Math.round(y * SIDE);
    int bottom = Math.max(top + 1, Math.min(SIDE, (int) Math.round((y + height) * SIDE)));
    byte[] rgb = new byte[3 * SIDE * SIDE];
    for (int row = top; row < Math.min(SIDE, bottom); row++) {
      Arrays.fill(
          rgb,
          3 * (row * SIDE + Math.min(left, SIDE - 1)),
          3 * (row * SIDE + Math.min(right, SIDE)),
          (byte) 255);
    }
    return RgbImage.of(SIDE, SIDE, rgb);
  }
}
