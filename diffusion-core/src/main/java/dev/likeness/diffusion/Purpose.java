package dev.likeness.diffusion;

import java.util.Locale;

/** What a person's photos may be used for. */
public enum Purpose {
  /**
   * Looking at the photos: finding and judging the face in each, and keeping them until the person
   * is learnt.
   */
  INTAKE("looking at the photos"),
  /** Teaching a base model the person's face. */
  TRAINING("learning the face"),
  /** Drawing pictures of the person. */
  HEADSHOTS("drawing headshots");

  private final String words;

  Purpose(String words) {
    this.words = words;
  }

  /** For people. */
  public String words() {
    return words;
  }

  /** For files. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Purpose of(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }
}
