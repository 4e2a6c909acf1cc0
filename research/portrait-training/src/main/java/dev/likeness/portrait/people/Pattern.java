package dev.likeness.portrait.people;

/** What is woven or printed on the cloth. */
public enum Pattern {
  PLAIN(""),
  STRIPES("striped"),
  CHECKS("plaid"),
  DOTS("dotted");

  private final String words;

  Pattern(String words) {
    this.words = words;
  }

  /** The words for it in a prompt; empty where there is nothing to say. */
  public String words() {
    return words;
  }
}
