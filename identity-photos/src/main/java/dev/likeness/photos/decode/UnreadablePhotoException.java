package dev.likeness.photos.decode;

import dev.likeness.diffusion.error.InvalidInputException;

/** Thrown if a photo cannot be decoded. */
public final class UnreadablePhotoException extends InvalidInputException {
  private static final long serialVersionUID = 1L;

  /** The reasons why a file cannot be decoded. */
  public enum Fault {
    /** The file has 0 bytes. */
    EMPTY,
    /** The first bytes are not those of a known image format. */
    NOT_AN_IMAGE,
    /** The file is larger than {@link DecodeLimits#maxBytes()}. */
    TOO_MANY_BYTES,
    /**
     * The image has more pixels than {@link DecodeLimits#maxPixels()}, has more than 100,000 pixels
     * on a side, or does not fit into memory.
     */
    TOO_MANY_PIXELS,
    /** The file is damaged or incomplete. */
    BROKEN,
    /** This kind of file needs a reader or converter that is not available. */
    NEEDS_CONVERSION
  }

  /** The reason. */
  private final Fault fault;

  /** The value that the file has. */
  private final double value;

  /** The limit of the value. */
  private final double limit;

  UnreadablePhotoException(
      Fault fault, double value, double limit, String message, Throwable cause) {
    super(message, cause);
    this.fault = fault;
    this.value = value;
    this.limit = limit;
  }

  UnreadablePhotoException(Fault fault, String message) {
    this(fault, Double.NaN, Double.NaN, message, null);
  }

  /** {@return the kind of fault} */
  public Fault fault() {
    return fault;
  }

  /**
   * {@return the size that is above its limit: bytes of the file, pixels of the image, or pixels of
   * its longer side; NaN if no size was measured}
   */
  public double value() {
    return value;
  }

  /** {@return the largest allowed {@link #value}; NaN if no size was measured} */
  public double limit() {
    return limit;
  }
}
