package dev.likeness.photos.internal.image;

import dev.likeness.diffusion.image.RgbImage;

/**
 * The brightness of an image (ITU-R BT.601 weights): one value of 0 to 255 per pixel, row by row
 * from the top.
 */
public final class Luma {
  private final int width;
  private final int height;
  private final byte[] bytes;

  private Luma(int width, int height, byte[] bytes) {
    this.width = width;
    this.height = height;
    this.bytes = bytes;
  }

  /** Returns the brightness of an image. */
  public static Luma of(RgbImage image) {
    return of(image, (r, g, b) -> 4899 * r + 9617 * g + 1868 * b + 8192 >> 14);
  }

  /** Returns the red channel. In it, skin of every tone is light, and eyes and lips are dark. */
  public static Luma ofRed(RgbImage image) {
    return of(image, (r, g, b) -> r);
  }

  private interface ChannelMix {
    int of(int red, int green, int blue);
  }

  private static Luma of(RgbImage image, ChannelMix mix) {
    int width = image.width();
    byte[] row = new byte[3 * width];
    byte[] out = new byte[width * image.height()];
    for (int y = 0; y < image.height(); y++) {
      image.row(y, row);
      for (int x = 0; x < width; x++) {
        out[y * width + x] =
            (byte) mix.of(row[3 * x] & 255, row[3 * x + 1] & 255, row[3 * x + 2] & 255);
      }
    }
    return new Luma(width, image.height(), out);
  }

  /** Returns the width in pixels. */
  public int width() {
    return width;
  }

  /** Returns the height in pixels. */
  public int height() {
    return height;
  }

  /** Returns the value of one pixel, 0 to 255. */
  public int at(int x, int y) {
    return bytes[y * width + x] & 255;
  }

  /** Returns a copy of the values. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** Returns a grey image. */
  public RgbImage toImage() {
    byte[] rgb = new byte[3 * bytes.length];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = bytes[i / 3];
    }
    return RgbImage.of(width, height, rgb);
  }

  /** Returns this image with left and right swapped. */
  public Luma mirrored() {
    byte[] out = new byte[bytes.length];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        out[y * width + x] = bytes[y * width + width - 1 - x];
      }
    }
    return new Luma(width, height, out);
  }

  /** Returns this image with a margin that repeats its edge. */
  public Luma padded(int margin) {
    int w = width + 2 * margin;
    int h = height + 2 * margin;
    byte[] out = new byte[w * h];
    for (int y = 0; y < h; y++) {
      int row = Math.max(0, Math.min(height - 1, y - margin)) * width;
      for (int x = 0; x < w; x++) {
        out[y * w + x] = bytes[row + Math.max(0, Math.min(width - 1, x - margin))];
      }
    }
    return new Luma(w, h, out);
  }
}
