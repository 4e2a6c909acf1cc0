package dev.likeness.portrait.people;

/** What the face does: corners of the mouth, opening, brows, lids; each -1 to 1. */
public enum Expression {
  NEUTRAL("neutral expression", 0, 0, 0, 0),
  SMILE("smiling", .8f, 0, .1f, -.15f),
  LAUGH("laughing", 1, .75f, .2f, -.35f),
  SERIOUS("serious", -.3f, 0, -.8f, -.15f),
  SURPRISED("surprised", 0, .8f, 1, .45f),
  SAD("sad", -.6f, 0, .3f, -.2f);

  private final String words;
  final float smile;
  final float open;
  final float brows;
  final float lids;

  Expression(String words, float smile, float open, float brows, float lids) {
    this.words = words;
    this.smile = smile;
    this.open = open;
    this.brows = brows;
    this.lids = lids;
  }

  /** The words for it in a prompt; empty where there is nothing to say. */
  public String words() {
    return words;
  }
}
