package dev.likeness.portrait.people;

/** The iris, linear RGB. */
public enum EyeColour {
  DARK("dark", .030f, .016f, .010f),
  BROWN("brown", .19f, .075f, .020f),
  HAZEL("hazel", .32f, .22f, .04f),
  GREEN("green", .12f, .30f, .08f),
  BLUE("blue", .08f, .29f, .62f),
  GRAY("gray", .38f, .42f, .44f);

  final NamedColour colour;

  EyeColour(String words, float r, float g, float b) {
    colour = new NamedColour(words, r, g, b);
  }

  /** The words for it in a prompt. */
  public String words() {
    return colour.words;
  }
}
