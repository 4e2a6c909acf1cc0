package dev.likeness.portrait.people;

/** The colour of hair, linear RGB of a strand in full light. */
public enum HairColour {
  BLACK("black", .014f, .012f, .013f),
  DARK_BROWN("dark brown", .075f, .039f, .021f),
  BROWN("brown", .16f, .08f, .038f),
  BLOND("blond", .58f, .38f, .16f),
  RED("red", .42f, .10f, .028f),
  GRAY("gray", .30f, .29f, .28f),
  WHITE("white", .80f, .78f, .74f);

  private final String words;
  final float r;
  final float g;
  final float b;

  HairColour(String words, float r, float g, float b) {
    this.words = words;
    this.r = r;
    this.g = g;
    this.b = b;
  }

  /** True when black and white shows it, too. */
  boolean showsInGray() {
    return this == BLACK || this == GRAY || this == WHITE;
  }

  /** The words for it in a prompt; empty where there is nothing to say. */
  public String words() {
    return words;
  }
}
