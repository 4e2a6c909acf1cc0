package dev.likeness.photos.decode;

import dev.likeness.diffusion.image.ExifOrientation;
import dev.likeness.diffusion.image.RgbImage;
import java.util.OptionalInt;

/**
 * A decoded photo, with facts about its file.
 *
 * @param image the upright sRGB image; its long side is at most {@link DecodeLimits#maxLongSide()}
 * @param format the format of the file
 * @param fullWidth width of the upright photo before reduction, in pixels
 * @param fullHeight height of the upright photo before reduction, in pixels
 * @param isDamaged true if parts of the file are damaged and the reader replaced them
 * @param jpegQuality estimated quality setting of a JPEG file, 1 to 100; empty for other formats
 */
public record DecodedPhoto(
    RgbImage image,
    PhotoFormat format,
    int fullWidth,
    int fullHeight,
    boolean isDamaged,
    OptionalInt jpegQuality) {
  /**
   * Returns this photo with its image rotated upright.
   *
   * @param upright the rotated image
   * @param orientation the EXIF orientation of the stored image; if it is a quarter turn,
   *     {@code fullWidth} and {@code fullHeight} are swapped
   * @return the new photo
   */
  public DecodedPhoto withUprightImage(RgbImage upright, ExifOrientation orientation) {
    boolean quarter = orientation.isQuarterTurn();
    return new DecodedPhoto(
        upright,
        format,
        quarter ? fullHeight : fullWidth,
        quarter ? fullWidth : fullHeight,
        isDamaged,
        jpegQuality);
  }

  /**
   * {@return the width before reduction divided by the width of {@link #image()}; 1 if the photo
   * was not reduced}
   */
  public double reduction() {
    return (double) fullWidth / image.width();
  }
}
