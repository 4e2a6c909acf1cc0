package dev.likeness.headshots.style;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.photos.internal.image.Luma;
import dev.likeness.schedulers.internal.ClosestNames;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The look of a headshot, without the person. Each image of a style gets the next combination of
 * clothes, expression, light and backdrop. All combinations are used before one repeats. Immutable.
 *
 * @param name identifier, such as {@code black-and-white}
 * @param title name for users
 * @param opening the first words of the prompt, at most eight, such as {@code studio portrait}
 * @param wardrobe clothes, at least one, such as {@code a navy suit and tie}
 * @param expressions expressions, at least one, such as {@code smiling}
 * @param lights lights, at least one, such as {@code soft light}
 * @param backdrops backdrops, at least one, such as {@code gray background}
 * @param lens words for bases that were trained on photographs, such as {@code 85mm lens}; or empty
 * @param negative the negative prompt; may be empty
 * @param guidance guidance scale if the request has none; empty for the default of shoots
 * @param crop the default crop, a format of {@link HeadshotCrop#ratio}
 * @param bases families of base models that the style is for, from {@link #FAMILIES} or declared by
 *     a model folder; empty for all families
 * @param isMonochrome true to convert images to black and white, which the prompt does not mention
 */
public record Style(
    String name,
    String title,
    String opening,
    List<String> wardrobe,
    List<String> expressions,
    List<String> lights,
    List<String> backdrops,
    String lens,
    String negative,
    OptionalDouble guidance,
    String crop,
    List<String> bases,
    boolean isMonochrome) {
  /** Families that styles may name. Model folders may declare others ({@code style_family}). */
  public static final List<String> FAMILIES =
      List.of("stable-diffusion", "stable-diffusion-3", "flux", "other");

  private static final int MAX_OPENING_WORDS = 8;

  /**
   * Checks and copies the parts.
   *
   * @throws IllegalArgumentException if a required part is missing, the opening is too long, or the
   *     crop is unknown
   */
  public Style {
    boolean lacksWords =
        Stream.of(wardrobe, expressions, lights, backdrops).anyMatch(List::isEmpty);
    if (name.isBlank() || opening.isBlank() || lacksWords) {
      throw new IllegalArgumentException("the style " + Quoted.of(name)
          + " is incomplete; give a name, an opening, and at least one"
          + " wardrobe, expression, light and backdrop");
    }
    if (opening.trim().split("\\s+").length > MAX_OPENING_WORDS) {
      throw new IllegalArgumentException(
          "the style " + Quoted.value(name) + " has an opening of more than " + MAX_OPENING_WORDS
              + " words; the person's words come after it and might be truncated;"
              + " move words to wardrobe, lights, backdrops or lens");
    }
    HeadshotCrop.ratio(crop);
    wardrobe = List.copyOf(wardrobe);
    expressions = List.copyOf(expressions);
    lights = List.copyOf(lights);
    backdrops = List.copyOf(backdrops);
    bases = List.copyOf(bases);
  }

  /**
   * Checks that the style can be used with a base.
   *
   * @param base the base model
   * @throws InvalidInputException if the style is for other families, or its words describe the
   *     person's looks, such as hair, or things that hide them, such as a hat
   */
  public void requireCompatible(BaseModel base) {
    StyleVocabulary.validate(this);
    String family = StyleFile.family(base);
    if (!bases.isEmpty() && !bases.contains(family)) {
      throw new InvalidInputException("the style " + Quoted.value(name)
          + " is for bases of the family " + String.join(", ", bases) + ", but the base "
          + base.name() + " is of the family " + family + "; choose another style or base");
    }
  }

  /**
   * {@return the built-in style with the given name}
   *
   * @param name the name, in upper or lower case
   * @throws IllegalArgumentException if there is no such style
   */
  public static Style named(String name) {
    return all().stream()
        .filter(style -> style.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("unknown style \"" + name + "\"; closest: "
            + ClosestNames.of(name, all().stream().map(Style::name), 3)
            + "; docs/reference/styles.md lists all"));
  }

  /** {@return all built-in styles, the four default styles first} */
  public static List<Style> all() {
    return StyleFile.BUILT_IN;
  }

  /** {@return the four styles of a shoot for which the user names no style} */
  public static List<Style> defaults() {
    return all().subList(0, 4);
  }

  /**
   * {@return an application's own styles, from a JSON list of objects with this record's fields}
   *
   * @param file the JSON file, with at least one style; the last field is called {@code monochrome}
   * @throws InvalidInputException if the file is not valid; the message states line and reason
   */
  public static List<Style> read(Path file) {
    return StyleFile.read(file);
  }

  /**
   * {@return the prompt of one image} The words for the person follow the {@link #opening}, so that
   * a long prompt does not truncate them.
   *
   * @param who the person in words, such as {@code a young woman with red hair}
   * @param index index of the image, from 0
   * @throws InvalidInputException if {@code who} is blank
   */
  public String prompt(String who, int index) {
    if (who.isBlank()) {
      throw new InvalidInputException(
          "the words for the person are empty; give words such as \"a woman\"");
    }
    int clothes = index % wardrobe.size();
    int rounds = index / wardrobe.size();
    // The index as a mixed-radix number, one digit for each list, so that each combination comes
    // once. The offsets below only change the order.
    int face = rounds % expressions.size();
    int light = rounds / expressions.size() % lights.size();
    int backdrop = rounds / expressions.size() / lights.size();
    return String.join(
        ", ",
        opening + " of " + who,
        "wearing " + wardrobe.get(clothes),
        cycle(expressions, clothes + face),
        cycle(lights, clothes + 2 * face + light),
        cycle(backdrops, clothes - face - light + backdrop));
  }

  /**
   * {@return the prompt of one image for bases trained on photographs; {@link #lens} comes last}
   *
   * @param who the person in words, such as {@code a young woman with red hair}
   * @param index index of the image, from 0
   * @throws InvalidInputException if {@code who} is blank
   */
  public String photographicPrompt(String who, int index) {
    return lens.isEmpty() ? prompt(who, index) : prompt(who, index) + ", " + lens;
  }

  /**
   * {@return the image; for a monochrome style, in black and white (luma of ITU-R BT.601)}
   *
   * @param image the generated image
   */
  public RgbImage convertColours(RgbImage image) {
    return isMonochrome ? Luma.of(image).toImage() : image;
  }

  /**
   * {@return a copy of this style with more words, which {@link Part#findIn} then finds in prompts}
   *
   * @param words words for parts; words that the style has already are ignored
   */
  public Style withWords(Map<Part, String> words) {
    return new Style(
        name,
        title,
        opening,
        appendMissing(words, wardrobe, Part.OUTFIT),
        appendMissing(words, expressions, Part.EXPRESSION, Part.SMILE),
        appendMissing(words, lights, Part.LIGHT),
        appendMissing(words, backdrops, Part.BACKDROP),
        lens,
        negative,
        guidance,
        crop,
        bases,
        isMonochrome);
  }

  /**
   * {@return a copy of this style with the given name}
   *
   * @param other the name
   * @param grey true for black and white
   */
  public Style withName(String other, boolean grey) {
    return new Style(
        other,
        title,
        opening,
        wardrobe,
        expressions,
        lights,
        backdrops,
        lens,
        negative,
        guidance,
        crop,
        bases,
        grey);
  }

  private static List<String> appendMissing(
      Map<Part, String> words, List<String> own, Part... parts) {
    Stream<String> missing =
        Stream.of(parts).map(words::get).filter(text -> text != null && !own.contains(text));
    return Stream.concat(own.stream(), missing).toList();
  }

  private static String cycle(List<String> texts, int index) {
    return texts.get(Math.floorMod(index, texts.size()));
  }

  /** A part of a headshot that an edit can change. */
  public enum Part {
    /** The clothes. */
    OUTFIT("wearing ", 0.85, Style::wardrobe),
    /** The expression of the face. */
    EXPRESSION("", 0.55, Style::expressions),
    /** A slight smile, with a low denoising strength. */
    SMILE("", 0.4, Style::expressions),
    /** The light in the whole image. The face keeps its details. */
    LIGHT("", 0.5, Style::lights),
    /** The background behind the person. */
    BACKDROP("", 0.9, Style::backdrops);

    private final String prefix;
    private final double strength;
    private final Function<Style, List<String>> styleTexts;

    Part(String prefix, double strength, Function<Style, List<String>> styleTexts) {
      this.prefix = prefix;
      this.strength = strength;
      this.styleTexts = styleTexts;
    }

    /** {@return the default denoising strength of an edit of this part, 0 to 1} */
    public double strength() {
      return strength;
    }

    /** {@return the name in {@code record.json}} */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }

    /**
     * {@return a prompt with new words for this part} If the prompt has no words for this part, the
     * new words are appended.
     *
     * @param prompt the prompt
     * @param style the style of the prompt
     * @param words the new words
     */
    public String replaceIn(String prompt, Style style, String words) {
      return findIn(prompt, style)
          .map(text -> prompt.replace(clause(text), clause(words)))
          .orElseGet(() -> prompt + clause(words));
    }

    /**
     * {@return the style's longest words for this part that the prompt contains; empty if there are
     * none}
     *
     * @param prompt the prompt
     * @param style the style of the prompt
     */
    public Optional<String> findIn(String prompt, Style style) {
      return styleTexts.apply(style).stream()
          .filter(text -> prompt.contains(clause(text)))
          .max(Comparator.comparingInt(String::length));
    }

    private String clause(String text) {
      return ", " + prefix + text;
    }
  }
}
