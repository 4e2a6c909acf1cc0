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
  /** Drawing images of the person. */
  HEADSHOTS("drawing headshots");

  private final String description;

  Purpose(String words) {
    this.description = words;
  }

  /** For people. */
  public String description() {
    return description;
  }

  /** For files. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Purpose parse(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }
}
