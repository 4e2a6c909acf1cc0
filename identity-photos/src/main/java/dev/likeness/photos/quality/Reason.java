package dev.likeness.photos.quality;

/**
 * One reason against a photo.
 *
 * @param code the kind of reason
 * @param severity the verdict that the reason leads to: WARN or REJECT
 * @param value the measured value, in the unit that {@link ReasonCode} states; NaN if nothing was
 *     measured
 * @param limit the threshold that {@code value} is beyond; NaN if nothing was measured
 * @param message one sentence for users, without the file's name
 */
public record Reason(
    ReasonCode code, Verdict severity, double value, double limit, String message) {
  /**
   * Checks that the severity is not KEEP.
   *
   * @throws IllegalArgumentException if the severity is KEEP
   */
  public Reason {
    if (severity == Verdict.KEEP) {
      throw new IllegalArgumentException(code + " needs the severity WARN or REJECT, got KEEP");
    }
  }

  /**
   * Returns a reason without a measured value.
   *
   * @param code the kind of reason
   * @param severity the verdict that the reason leads to: WARN or REJECT
   * @param message one sentence for users, without the file's name
   * @return the reason
   * @throws IllegalArgumentException if the severity is KEEP
   */
  public static Reason of(ReasonCode code, Verdict severity, String message) {
    return new Reason(code, severity, Double.NaN, Double.NaN, message);
  }
}
