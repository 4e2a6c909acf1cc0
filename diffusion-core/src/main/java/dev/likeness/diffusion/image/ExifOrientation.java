package dev.likeness.diffusion.image;

/**
 * The mapping from the stored rows and columns of a photo to the upright image: the eight values of
 * EXIF's tag 0x0112 (JEITA CP-3451, 4.6.4 A), in order.
 */
public enum ExifOrientation {
  /** Value 1: stored upright. */
  UPRIGHT(1, 0, 0, 1),
  /** Value 2: left and right are swapped. */
  MIRRORED(-1, 0, 0, 1),
  /** Value 3: the stored image is rotated by 180 degrees. */
  UPSIDE_DOWN(-1, 0, 0, -1),
  /** Value 4: top and bottom are swapped. */
  FLIPPED(1, 0, 0, -1),
  /** Value 5: rows and columns are swapped. */
  TRANSPOSED(0, 1, 1, 0),
  /** Value 6: the stored image must be rotated clockwise by 90 degrees. */
  TURNED_RIGHT(0, 1, -1, 0),
  /** Value 7: rows and columns are swapped and both reversed. */
  TRANSVERSED(0, -1, -1, 0),
  /** Value 8: the stored image must be rotated counterclockwise by 90 degrees. */
  TURNED_LEFT(0, -1, 1, 0);

  // Per upright column, the stored x grows by xx and the stored y by yx. Per upright row, they grow
  // by xy and yy.
  private final int xx;
  private final int xy;
  private final int yx;
  private final int yy;

  ExifOrientation(int xx, int xy, int yx, int yy) {
    this.xx = xx;
    this.xy = xy;
    this.yx = yx;
    this.yy = yy;
  }

  /**
   * Returns the orientation of an EXIF value.
   *
   * @param exif the value of tag 0x0112
   * @return the orientation; {@link #UPRIGHT} for values outside 1 to 8, as in image viewers
   */
  public static ExifOrientation of(int exif) {
    return exif >= 1 && exif <= 8 ? values()[exif - 1] : UPRIGHT;
  }

  /** {@return true if {@link #toUpright} swaps width and height} */
  public boolean isQuarterTurn() {
    return xx == 0;
  }

  /**
   * Rotates or mirrors a stored image so that it is upright.
   *
   * @param stored the image as stored in the file
   * @return the upright image; {@code stored} itself for {@link #UPRIGHT}
   */
  public RgbImage toUpright(RgbImage stored) {
    if (this == UPRIGHT) {
      return stored;
    }
    int width = isQuarterTurn() ? stored.height() : stored.width();
    int height = isQuarterTurn() ? stored.width() : stored.height();
    int startX = xx < 0 || xy < 0 ? stored.width() - 1 : 0;
    int startY = yx < 0 || yy < 0 ? stored.height() - 1 : 0;
    byte[] from = stored.rgb();
    byte[] to = new byte[from.length];
    for (int y = 0, at = 0; y < height; y++) {
      for (int x = 0; x < width; x++, at += 3) {
        int source = ((startY + yx * x + yy * y) * stored.width() + startX + xx * x + xy * y) * 3;
        to[at] = from[source];
        to[at + 1] = from[source + 1];
        to[at + 2] = from[source + 2];
      }
    }
    return RgbImage.of(width, height, to);
  }
}
