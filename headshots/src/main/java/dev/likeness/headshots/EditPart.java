package dev.likeness.headshots;

import dev.likeness.headshots.style.Style;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** What of a headshot is asked for in other words. */
public enum EditPart {
  /** The clothes, below the chin. */
  OUTFIT("wearing ", 0.85, Style::wardrobe),
  /** What the face does. */
  EXPRESSION("", 0.55, Style::expressions),
  /** A little more of an expression: the face is drawn over lightly. */
  SMILE("", 0.4, Style::expressions),
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

  /** As records spell it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * A prompt of {@code style} with these words for this part: instead of the style's own, or behind
   * all others.
   */
  String in(String prompt, Style style, String words) {
    return said(prompt, style)
        .map(text -> prompt.replace(clause(text), clause(words)))
        .orElseGet(() -> prompt + clause(words));
  }

  /** Which of the style's words for this part a prompt says. */
  public Optional<String> said(String prompt, Style style) {
    return texts.apply(style).stream()
        .filter(text -> prompt.contains(clause(text)))
        .max(Comparator.comparingInt(String::length));
  }

  private String clause(String text) {
    return ", " + before + text;
  }
}
