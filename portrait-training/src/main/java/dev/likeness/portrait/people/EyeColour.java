package dev.likeness.portrait.people;

/** The iris, linear RGB. */
public enum EyeColour {
  DARK("dark", .045f, .024f, .014f), BROWN("brown", .14f, .062f, .025f), HAZEL("hazel", .24f, .15f, .05f),
  GREEN("green", .17f, .24f, .10f), BLUE("blue", .13f, .27f, .46f), GRAY("gray", .30f, .35f, .38f);

  private final String words;
  final float r;
  final float g;
  final float b;

  EyeColour(String words, float r, float g, float b) {
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
