package dev.likeness.photos.quality;

/**
 * One reason against a photo.
 *
 * @param code the kind of reason
 * @param severity the verdict that it leads to: WARN or REJECT
 * @param value the measured value, NaN if nothing was measured
 * @param limit the threshold that {@code value} crossed, NaN if nothing was measured
 * @param message one sentence for users, without the file's name
 */
public record Reason(
    ReasonCode code, Verdict severity, double value, double limit, String message) {
  public Reason {
    if (severity == Verdict.KEEP) {
      throw new IllegalArgumentException(code + " is a reason, so its severity is WARN or REJECT");
    }
  }

  /** A reason without a measure. */
  public static Reason of(ReasonCode code, Verdict severity, String message) {
    return new Reason(code, severity, Double.NaN, Double.NaN, message);
  }
}
