package dev.likeness.portrait.people;

/** The kind of photo; its words open a caption. */
public enum Style {
  STUDIO("studio portrait"),
  OFFICE("office headshot"),
  OUTDOOR("outdoor portrait"),
  MONOCHROME("black and white portrait"),
  SELFIE("selfie");

  private final String words;

  Style(String words) {
    this.words = words;
  }

  /** The words for it in a prompt; empty where there is nothing to say. */
  public String words() {
    return words;
  }
}
