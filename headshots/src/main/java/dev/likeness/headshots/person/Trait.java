package dev.likeness.headshots.person;

/**
 * One thing that can be said of how someone looks.
 *
 * @param slot what it is about, such as {@code hair}
 * @param value the words, such as {@code short # hair} where {@code #} stands for the colour; empty
 *     says that there is none, such as no glasses
 * @param confidence how sure this is, 0 (a guess) to 1
 * @param source who says so
 */
public record Trait(String slot, String value, double confidence, Source source) {
  /** Who says what someone looks like. */
  public enum Source {
    /** The photos' pixels: measured, or read by the base's own reader. */
    PHOTOS("photos"),
    /** The caption under which the base model explains the photos best. */
    BASE_MODEL("base model"),
    /** The user, who knows better. */
    USER("user");

    private final String word;

    Source(String word) {
      this.word = word;
    }

    /** As the record spells it. */
    public String word() {
      return word;
    }
  }

  public Trait {
    if (slot.isBlank() || !(confidence >= 0 && confidence <= 1)) {
      throw new IllegalArgumentException(
          "a trait has a slot and a confidence in 0..1, given \"" + slot + "\" and " + confidence);
    }
  }
}
