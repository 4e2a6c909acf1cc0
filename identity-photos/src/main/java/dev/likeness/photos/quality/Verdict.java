package dev.likeness.photos.quality;

import java.util.Locale;

/** The verdict on a photo, from best to worst. */
public enum Verdict {
  /** The photo is used. */
  KEEP,
  /** The photo is used, with a warning. */
  WARN,
  /** The photo is not used. */
  REJECT;

  /**
   * Returns the more severe of two verdicts.
   *
   * @param other the other verdict
   * @return the more severe verdict
   */
  public Verdict worse(Verdict other) {
    return compareTo(other) >= 0 ? this : other;
  }

  /** {@return the identifier in JSON: {@code keep}, {@code warn} or {@code reject}} */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
