package dev.likeness.headshots;

import java.util.List;
import java.util.function.Function;

/** What of a headshot is asked for in other words. */
public enum EditPart {
  /** The clothes, below the chin. */
  OUTFIT("wearing ", 0.85, Style::wardrobe),
  /** What the face does. */
  EXPRESSION("", 0.55, Style::expressions),
  /** How everything is lit; of the face only the broad light changes. */
  LIGHT("", 0.5, Style::lights),
  /** What is behind the person. */
  BACKDROP("", 0.9, Style::backdrops);

  private final String before;
  private final double strength;
  private final Function<Style, List<String>> texts;

  EditPart(String before, double strength, Function<Style, List<String>> texts) {
    this.before = before;
    this.strength = strength;
    this.texts = texts;
  }

  /** How much of it is drawn anew unless an edit says, 0 to 1. */
  public double strength() {
    return strength;
  }

  /** A prompt of {@code style} with these words for this part: instead of the style's own, or behind all others. */
  String in(String prompt, Style style, String words) {
    String said = texts.apply(style).stream().map(text -> ", " + before + text).filter(prompt::contains)
        .max((a, b) -> Integer.compare(a.length(), b.length())).orElse("");
    String wanted = ", " + before + words;
    return said.isEmpty() ? prompt + wanted : prompt.replace(said, wanted);
  }
}
