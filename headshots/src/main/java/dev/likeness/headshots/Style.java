package dev.likeness.headshots;

import dev.likeness.diffusion.error.UnusableInput;
import java.util.List;

/**
 * How a headshot looks, apart from who is on it. Pictures of one style take its variants in turn.
 *
 * @param name what it is asked for by, such as {@code black-and-white}
 * @param title what people call it
 * @param opening the words that begin the prompt, such as {@code studio portrait}
 * @param variants clothes, expression, light and backdrop, one text a variant
 * @param negative what must not be seen; may be empty
 */
public record Style(String name, String title, String opening, List<String> variants, String negative) {
  public Style {
    if (name.isBlank() || opening.isBlank() || variants.isEmpty()) {
      throw new IllegalArgumentException("a style needs a name, an opening and at least one variant");
    }
    variants = List.copyOf(variants);
  }

  /** The built-in style of this name; {@link #all()} has them all. */
  public static Style named(String name) {
    return all().stream().filter(style -> style.name().equalsIgnoreCase(name)).findFirst()
        .orElseThrow(() -> new IllegalArgumentException("unknown style \"" + name + "\"; known: "
            + String.join(", ", all().stream().map(Style::name).toList())));
  }

  /** Every built-in style. */
  public static List<Style> all() {
    return StyleFile.builtIn();
  }

  /**
   * The prompt of picture {@code index} of this style, counted from 0.
   *
   * @param who the person in words, such as {@code a young woman with red hair}
   */
  public String prompt(String who, int index) {
    if (who.isBlank()) {
      throw new UnusableInput("nobody to draw: the words for the person are empty");
    }
    return opening + " of " + who + ", " + variants.get(Math.floorMod(index, variants.size()));
  }
}
