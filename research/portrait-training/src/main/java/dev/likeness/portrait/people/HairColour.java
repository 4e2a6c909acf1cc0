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

  final NamedColour colour;

  HairColour(String words, float r, float g, float b) {
    colour = new NamedColour(words, r, g, b);
  }

  /** True when black and white shows it, too. */
  boolean showsInGray() {
    return this == BLACK || this == GRAY || this == WHITE;
  }

  /** The words for it in a prompt. */
  public String words() {
    return colour.words;
  }
}
