package dev.likeness.portrait.people;

/** What someone always wears on the nose; {@code words} completes "with ...", empty for none. */
public enum Glasses {
  NONE(""),
  ROUND("round glasses"),
  SQUARE("glasses"),
  CAT_EYE("cat-eye glasses"),
  RIMLESS("thin glasses");

  private final String words;

  Glasses(String words) {
    this.words = words;
  }

  /** The words for it in a prompt; empty where there is nothing to say. */
  public String words() {
    return words;
  }
}
