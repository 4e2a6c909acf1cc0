package dev.likeness.photos.decode;

/**
 * What a photo may cost before it is refused unread.
 *
 * @param maxBytes the largest file, in bytes
 * @param maxPixels the largest image, width times height as its header states them
 * @param maxLongSide decoded images are reduced, by area averaging, until their long side is at
 *     most this many pixels
 * @param allowsPrograms whether programs of this machine may convert a photo, for which it lies in
 *     a temporary file
 */
public record DecodeLimits(int maxBytes, long maxPixels, int maxLongSide, boolean allowsPrograms) {
  /** 40 MB, 100 megapixels, long side 2048: the crops of a usual selfie reach 1024 pixels. */
  public static final DecodeLimits DEFAULT = new DecodeLimits(40_000_000, 100_000_000, 2048, true);

  public DecodeLimits {
    if (maxBytes < 1 || maxPixels < 1 || maxLongSide < 64) {
      throw new IllegalArgumentException("limits are positive and the long side at least 64, given "
          + maxBytes + ", " + maxPixels + ", " + maxLongSide);
    }
  }

  /** The same with another largest file, in bytes. */
  public DecodeLimits withMaxBytes(int most) {
    return new DecodeLimits(most, maxPixels, maxLongSide, allowsPrograms);
  }

  /** The same with another largest image, in pixels. */
  public DecodeLimits withMaxPixels(long most) {
    return new DecodeLimits(maxBytes, most, maxLongSide, allowsPrograms);
  }

  /** The same with another long side of decoded images, in pixels. */
  public DecodeLimits withMaxLongSide(int most) {
    return new DecodeLimits(maxBytes, maxPixels, most, allowsPrograms);
  }

  /** The same without programs of this machine: nothing of a photo is written anywhere. */
  public DecodeLimits withoutPrograms() {
    return new DecodeLimits(maxBytes, maxPixels, maxLongSide, false);
  }
}
