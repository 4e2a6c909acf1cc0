package dev.likeness.photos.pixels;

import dev.likeness.diffusion.image.Picture;

/** The brightness of a picture: one value 0 to 255 a pixel, rows from the top (ITU-R BT.601 weights). */
public final class Luma {
  private final int width;
  private final int height;
  private final byte[] bytes;

  private Luma(int width, int height, byte[] bytes) {
    this.width = width;
    this.height = height;
    this.bytes = bytes;
  }

  public static Luma of(Picture picture) {
    byte[] rgb = picture.rgb();
    byte[] out = new byte[rgb.length / 3];
    for (int i = 0, at = 0; i < out.length; i++, at += 3) {
      out[i] = (byte) ((4899 * (rgb[at] & 255) + 9617 * (rgb[at + 1] & 255) + 1868 * (rgb[at + 2] & 255) + 8192) >> 14);
    }
    return new Luma(picture.width(), picture.height(), out);
  }

  /** The red channel alone, in which skin of every colour is light and eyes and lips stay dark. */
  public static Luma red(Picture picture) {
    byte[] rgb = picture.rgb();
    byte[] out = new byte[rgb.length / 3];
    for (int i = 0; i < out.length; i++) {
      out[i] = rgb[3 * i];
    }
    return new Luma(picture.width(), picture.height(), out);
  }

  public int width() {
    return width;
  }

  public int height() {
    return height;
  }

  public int at(int x, int y) {
    return bytes[y * width + x] & 255;
  }

  /** A copy of the values. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** Left and right exchanged. */
  public Luma mirrored() {
    byte[] out = new byte[bytes.length];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        out[y * width + x] = bytes[y * width + width - 1 - x];
      }
    }
    return new Luma(width, height, out);
  }

  /** The picture with {@code margin} pixels around it that repeat its edge. */
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
