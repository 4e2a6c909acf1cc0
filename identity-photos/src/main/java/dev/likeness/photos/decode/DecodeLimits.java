package dev.likeness.photos.decode;

/**
 * Limits of the size of photos. A photo above the limits of bytes or pixels is rejected before its
 * pixels are decoded.
 *
 * @param maxBytes the largest file size, in bytes, at least 1
 * @param maxPixels the largest width times height in the file's header, in pixels, at least 1
 * @param maxLongSide the longest side of decoded images, in pixels, at least 64; larger images are
 *     reduced by area averaging
 * @param allowsPrograms true if programs installed on this machine may convert HEIC and AVIF files;
 *     the photo is then written to a temporary file
 */
public record DecodeLimits(int maxBytes, long maxPixels, int maxLongSide, boolean allowsPrograms) {
  /**
   * The default limits: 40 MB, 100 megapixels, and a long side of 2048 pixels. With this long side,
   * crops of a usual selfie have sides of up to 1024 pixels. Installed programs may convert HEIC
   * and AVIF files.
   */
  public static final DecodeLimits DEFAULT = new DecodeLimits(40_000_000, 100_000_000, 2048, true);

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a number is out of its range
   */
  public DecodeLimits {
    if (maxBytes < 1 || maxPixels < 1 || maxLongSide < 64) {
      throw new IllegalArgumentException(
          "decode limits need maxBytes and maxPixels of at least 1 and maxLongSide of at least 64,"
              + " got maxBytes " + maxBytes + ", maxPixels " + maxPixels + " and maxLongSide "
              + maxLongSide);
    }
  }

  /**
   * Returns a copy of these limits with the given limit of the file size.
   *
   * @param most the largest file size, in bytes, at least 1
   * @return new limits
   * @throws IllegalArgumentException if {@code most} is out of range
   */
  public DecodeLimits withMaxBytes(int most) {
    return new DecodeLimits(most, maxPixels, maxLongSide, allowsPrograms);
  }

  /**
   * Returns a copy of these limits with the given limit of the number of pixels.
   *
   * @param most the largest width times height, in pixels, at least 1
   * @return new limits
   * @throws IllegalArgumentException if {@code most} is out of range
   */
  public DecodeLimits withMaxPixels(long most) {
    return new DecodeLimits(maxBytes, most, maxLongSide, allowsPrograms);
  }

  /**
   * Returns a copy of these limits with the given limit of the size of decoded images.
   *
   * @param most the longest side of decoded images, in pixels, at least 64
   * @return new limits
   * @throws IllegalArgumentException if {@code most} is out of range
   */
  public DecodeLimits withMaxLongSide(int most) {
    return new DecodeLimits(maxBytes, maxPixels, most, allowsPrograms);
  }

  /**
   * Returns these limits with {@link #allowsPrograms()} set to false. No photo is then written to a
   * temporary file.
   *
   * @return new limits
   */
  public DecodeLimits withoutPrograms() {
    return new DecodeLimits(maxBytes, maxPixels, maxLongSide, false);
  }
}
