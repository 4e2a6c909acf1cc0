package dev.likeness.portrait.people;

/** What grows on a chin; {@code words} completes "with ...", empty for none. */
public enum BeardStyle {
  NONE(""),
  STUBBLE("stubble"),
  MOUSTACHE("a moustache"),
  GOATEE("a goatee"),
  SHORT("a short beard"),
  FULL("a beard"),
  LONG("a long beard");

  private final String words;

  BeardStyle(String words) {
    this.words = words;
  }

  /** The words for it in a prompt; empty where there is nothing to say. */
  public String words() {
    return words;
  }
}
