package dev.likeness.portrait.people;

/** What is worn; {@code words} completes "wearing a navy ...". */
public enum Outfit {
  SUIT("suit and tie"),
  BLAZER("blazer"),
  SHIRT("shirt"),
  BLOUSE("blouse"),
  SWEATER("sweater"),
  TURTLENECK("turtleneck"),
  T_SHIRT("t-shirt"),
  HOODIE("hoodie");

  private final String words;

  Outfit(String words) {
    this.words = words;
  }

  /** The words for it in a prompt; empty where there is nothing to say. */
  public String words() {
    return words;
  }
}
