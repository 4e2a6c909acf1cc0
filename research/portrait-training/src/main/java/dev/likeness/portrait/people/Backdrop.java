package dev.likeness.portrait.people;

/** What is behind; paper and gradient have a colour of their own, so their words follow it. */
public enum Backdrop {
  PAPER("background"),
  GRADIENT("gradient background"),
  OFFICE("office background"),
  BRICK("brick wall"),
  LIBRARY("bookshelves"),
  STREET("city street"),
  PARK("park"),
  BOKEH("bokeh lights"),
  ROOM("living room");

  private final String words;

  Backdrop(String words) {
    this.words = words;
  }

  /** The words for it in a prompt; empty where there is nothing to say. */
  public String words() {
    return words;
  }

  /** True when the colour of the backdrop is part of its words. */
  public boolean tinted() {
    return this == PAPER || this == GRADIENT;
  }
}
