package dev.likeness.headshots;

/**
 * Who agreed to what. Learning a face is only done with one; it travels with the person's file and into the record.
 *
 * @param text in words that the person would recognise
 */
public record Consent(String text) {
  /** For people who do not exist. */
  public static final Consent NOBODY_REAL = new Consent("nobody real is shown: the photos were rendered");

  public Consent {
    if (text == null || text.isBlank()) {
      throw new IllegalArgumentException("a consent needs a text that says who agreed to what");
    }
    text = text.strip();
  }

  public static Consent of(String text) {
    return new Consent(text);
  }
}
