package dev.likeness.portrait.people;

/** A colour with a word, linear RGB; for clothes, paper and coloured light. */
public enum Tint {
  WHITE("white", .82f, .82f, .81f),
  BLACK("black", .012f, .012f, .014f),
  GRAY("gray", .29f, .29f, .30f),
  CHARCOAL("charcoal", .068f, .070f, .076f),
  NAVY("navy", .014f, .030f, .115f),
  BLUE("blue", .04f, .20f, .60f),
  LIGHT_BLUE("light blue", .36f, .58f, .82f),
  TEAL("teal", .02f, .26f, .25f),
  GREEN("green", .04f, .30f, .07f),
  OLIVE("olive", .17f, .18f, .04f),
  BEIGE("beige", .62f, .49f, .33f),
  BROWN("brown", .19f, .085f, .035f),
  BURGUNDY("burgundy", .19f, .010f, .04f),
  RED("red", .60f, .030f, .028f),
  PINK("pink", .84f, .32f, .46f),
  PURPLE("purple", .32f, .06f, .40f),
  INDIGO("indigo", .13f, .06f, .55f),
  YELLOW("yellow", .80f, .58f, .05f),
  ORANGE("orange", .80f, .27f, .025f);

  final NamedColour colour;

  Tint(String words, float r, float g, float b) {
    colour = new NamedColour(words, r, g, b);
  }

  /** The words for it in a prompt. */
  public String words() {
    return colour.words;
  }
}
