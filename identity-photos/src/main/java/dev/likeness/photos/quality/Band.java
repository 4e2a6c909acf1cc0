package dev.likeness.photos.quality;

/**
 * Two thresholds of one measure. When {@code reject} is the larger, values above are bad; otherwise
 * values below are.
 *
 * @param warn where a warning begins
 * @param reject where the photo is set aside; infinite when this measure alone never does that
 */
public record Band(double warn, double reject) {
  public Band {
    if (Double.isNaN(warn) || Double.isNaN(reject) || warn == reject) {
      throw new IllegalArgumentException(
          "a band needs two different thresholds, given " + warn + " and " + reject);
    }
  }

  /** What {@code value} asks for. */
  public Verdict judge(double value) {
    return passes(value, reject)
        ? Verdict.REJECT
        : passes(value, warn) ? Verdict.WARN : Verdict.KEEP;
  }

  /** The threshold that {@code value} passed, or the first when it passed none. */
  public double limit(double value) {
    return passes(value, reject) ? reject : warn;
  }

  private boolean passes(double value, double threshold) {
    return reject > warn ? value > threshold : value < threshold;
  }
}
