package dev.likeness.portrait.people;

/** How the scene is lit. */
public enum Light {
  SOFT("soft light"),
  REMBRANDT("rembrandt lighting"),
  RIM("rim light"),
  BACKLIGHT("backlit"),
  WINDOW("window light"),
  GOLDEN_HOUR("golden hour"),
  FLASH("flash"),
  COLOURED("lighting");

  private final String words;

  Light(String words) {
    this.words = words;
  }

  /** The words for it in a prompt; empty where there is nothing to say. */
  public String words() {
    return words;
  }
}
