package dev.likeness.photos.decode;

import dev.likeness.diffusion.image.RgbImage;
import java.util.OptionalInt;

/**
 * A photo as an image.
 *
 * @param image upright, sRGB, its long side within {@link DecodeLimits#maxLongSide()}
 * @param format what the file is
 * @param fullWidth width of the upright photo before reduction, in pixels
 * @param fullHeight height of the upright photo before reduction, in pixels
 * @param isDamaged whether the reader had to make up parts of it
 * @param jpegQuality the quality setting, 1 to 100, that a JPEG file was saved with
 */
public record DecodedPhoto(
    RgbImage image,
    PhotoFormat format,
    int fullWidth,
    int fullHeight,
    boolean isDamaged,
    OptionalInt jpegQuality) {
  /** The same photo turned to {@code upright}, from how it lay. */
  public DecodedPhoto withUprightImage(RgbImage upright, ExifOrientation lay) {
    boolean quarter = lay.isQuarterTurn();
    return new DecodedPhoto(
        upright,
        format,
        quarter ? fullHeight : fullWidth,
        quarter ? fullWidth : fullHeight,
        isDamaged,
        jpegQuality);
  }

  /**
   * How many of the file's pixels one pixel of {@link #image()} stands for along a side; 1 when not
   * reduced.
   */
  public double reduction() {
    return (double) fullWidth / image.width();
  }
}
