package dev.likeness.photos.quality;

import java.util.Locale;

/** The verdict on a photo, from best to worst. */
public enum Verdict {
  KEEP,
  WARN,
  REJECT;

  /** The worse of the two. */
  public Verdict worse(Verdict other) {
    return compareTo(other) >= 0 ? this : other;
  }

  /** The word in JSON: {@code keep}, {@code warn}, {@code reject}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
