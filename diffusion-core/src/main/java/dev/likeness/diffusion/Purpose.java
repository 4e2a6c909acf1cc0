package dev.likeness.diffusion;

import java.util.Locale;

/** A purpose for which a person's photos may be used. */
public enum Purpose {
  /**
   * Reviewing photos: finding and rating the face in each photo, and keeping the photos until the
   * person is trained.
   */
  INTAKE("reviewing the photos"),
  /** Training on the person's face. */
  TRAINING("training on the face"),
  /** Generating images of the person. */
  HEADSHOTS("generating headshots");

  private final String description;

  Purpose(String description) {
    this.description = description;
  }

  /** {@return the purpose in words, for messages} */
  public String description() {
    return description;
  }

  /** {@return the purpose's name in files, in lower case, for example {@code training}} */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Purpose parse(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }
}
