package dev.likeness.portrait.people;

/** A colour with a word, linear RGB; for clothes, paper and coloured light. */
public enum Tint {
  WHITE("white", .80f, .80f, .79f), BLACK("black", .016f, .016f, .018f), GRAY("gray", .27f, .27f, .28f),
  CHARCOAL("charcoal", .055f, .058f, .065f), NAVY("navy", .016f, .028f, .085f), BLUE("blue", .05f, .15f, .50f),
  LIGHT_BLUE("light blue", .36f, .56f, .80f), TEAL("teal", .02f, .23f, .25f), GREEN("green", .05f, .27f, .09f),
  OLIVE("olive", .15f, .16f, .05f), BEIGE("beige", .62f, .50f, .36f), BROWN("brown", .16f, .075f, .035f),
  BURGUNDY("burgundy", .15f, .012f, .03f), RED("red", .56f, .032f, .032f), PINK("pink", .80f, .33f, .42f),
  PURPLE("purple", .22f, .06f, .38f), INDIGO("indigo", .10f, .06f, .55f), YELLOW("yellow", .80f, .55f, .06f),
  ORANGE("orange", .78f, .24f, .03f);

  private final String words;
  final float r;
  final float g;
  final float b;

  Tint(String words, float r, float g, float b) {
    this.words = words;
    this.r = r;
    this.g = g;
    this.b = b;
  }

  /** The words for it in a prompt; empty where there is nothing to say. */
  public String words() {
    return words;
  }
}
