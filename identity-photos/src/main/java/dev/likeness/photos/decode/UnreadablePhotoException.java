package dev.likeness.photos.decode;

import dev.likeness.diffusion.error.InvalidInputException;

/** Thrown if a photo cannot be decoded. */
public final class UnreadablePhotoException extends InvalidInputException {
  private static final long serialVersionUID = 1L;

  /** What is wrong with the file. */
  public enum Fault {
    EMPTY,
    NOT_AN_IMAGE,
    TOO_MANY_BYTES,
    TOO_MANY_PIXELS,
    BROKEN,
    NEEDS_CONVERSION
  }

  private final Fault fault;
  private final double value;
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

  /** Returns the kind of fault. */
  public Fault fault() {
    return fault;
  }

  /** Returns the measured value in bytes or pixels; NaN if nothing was measured. */
  public double value() {
    return value;
  }

  /** Returns the largest allowed {@link #value}; NaN if nothing was measured. */
  public double limit() {
    return limit;
  }
}
