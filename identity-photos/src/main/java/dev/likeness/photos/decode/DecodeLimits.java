package dev.likeness.photos.decode;

/**
 * What a photo may cost before it is refused unread.
 *
 * @param bytes the largest file, in bytes
 * @param pixels the largest image, width times height as its header states them
 * @param longSide decoded images are reduced, by area averaging, until their long side is at most
 *     this many pixels
 * @param programs whether programs of this machine may convert a photo, for which it lies in a
 *     temporary file
 */
public record DecodeLimits(int bytes, long pixels, int longSide, boolean programs) {
  /** 40 MB, 100 megapixels, long side 2048: the crops of a usual selfie reach 1024 pixels. */
  public static final DecodeLimits DEFAULT = new DecodeLimits(40_000_000, 100_000_000, 2048, true);

  public DecodeLimits {
    if (bytes < 1 || pixels < 1 || longSide < 64) {
      throw new IllegalArgumentException("limits are positive and the long side at least 64, given "
          + bytes + ", " + pixels + ", " + longSide);
    }
  }

  /** The same with another largest file, in bytes. */
  public DecodeLimits withBytes(int most) {
    return new DecodeLimits(most, pixels, longSide, programs);
  }

  /** The same with another largest image, in pixels. */
  public DecodeLimits withPixels(long most) {
    return new DecodeLimits(bytes, most, longSide, programs);
  }

  /** The same with another long side of decoded images, in pixels. */
  public DecodeLimits withLongSide(int most) {
    return new DecodeLimits(bytes, pixels, most, programs);
  }

  /** The same without programs of this machine: nothing of a photo is written anywhere. */
  public DecodeLimits withoutPrograms() {
    return new DecodeLimits(bytes, pixels, longSide, false);
  }
}
