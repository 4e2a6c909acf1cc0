package dev.likeness.photos.quality;

/**
 * One thing that speaks against a photo.
 *
 * @param code what it is
 * @param severity what it alone asks for: WARN or REJECT
 * @param value what was measured, NaN where nothing was
 * @param limit the threshold that {@code value} passed, NaN where nothing was measured
 * @param message one sentence for people, without the file's name
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
