package dev.likeness.headshots.style;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.photos.internal.image.Luma;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * How a headshot looks, apart from who is on it. Images of one style differ: each takes the next
 * clothes, against which expressions, lights and backdrops shift, each otherwise, so that every
 * combination of them comes before one comes again.
 *
 * @param name what it is asked for by, such as {@code black-and-white}
 * @param title what people call it
 * @param opening the words that begin the prompt, at most eight, such as {@code studio portrait}
 * @param wardrobe what is worn, one text a variant, such as {@code a navy suit and tie}
 * @param expressions such as {@code smiling}
 * @param lights such as {@code soft light}
 * @param backdrops such as {@code gray background}
 * @param lens words for a base that was trained on photographs, such as {@code 85mm lens}; may be
 *     empty
 * @param negative what must not be seen; may be empty
 * @param guidance how strictly to follow the words where the shoot does not say, or NaN for as the
 *     base is usually followed
 * @param crop what the command shows of the images unless asked otherwise, {@link HeadshotCrop}'s
 *     formats: {@code square}, {@code avatar} or sides such as {@code 4:5}
 * @param bases the families of base models that it is for, of {@link #FAMILIES} or declared by a
 *     model's folder; empty for all
 * @param isMonochrome whether images are drawn in colour and then made black and white; the prompt
 *     says nothing of it
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
    double guidance,
    String crop,
    List<String> bases,
    boolean isMonochrome) {
  /**
   * The families that styles may name beside those that models' folders declare for themselves
   * ({@code style_family}).
   */
  public static final List<String> FAMILIES =
      List.of("stable-diffusion", "stable-diffusion-3", "flux", "other");

  /** What style files call a family; ids of the registry came later. */
  private static final Map<ModelFamily, String> FAMILY_NAMES = Map.of(
      FamilyRegistry.STABLE_DIFFUSION,
      FAMILIES.get(0),
      FamilyRegistry.SD3,
      FAMILIES.get(1),
      FamilyRegistry.FLUX,
      FAMILIES.get(2));

  private static final String OTHER_FAMILY = FAMILIES.get(3);

  private static final int MAX_OPENING_WORDS = 8;

  public Style {
    if (name.isBlank()
        || opening.isBlank()
        || wardrobe.isEmpty()
        || expressions.isEmpty()
        || lights.isEmpty()
        || backdrops.isEmpty()) {
      throw new IllegalArgumentException(
          "a style needs a name, an opening, and at least one wardrobe, expression, light"
              + " and backdrop: given " + (name.isBlank() ? "no name" : name));
    }
    if (opening.trim().split("\\s+").length > MAX_OPENING_WORDS) {
      throw new IllegalArgumentException(
          "the style " + name + " opens with more than " + MAX_OPENING_WORDS
              + " words, which come before"
              + " the person and would push them out of a prompt that is cut; move them to"
              + " wardrobe, lights, backdrops or lens");
    }
    HeadshotCrop.ratio(crop);
    wardrobe = List.copyOf(wardrobe);
    expressions = List.copyOf(expressions);
    lights = List.copyOf(lights);
    backdrops = List.copyOf(backdrops);
    bases = List.copyOf(bases);
  }

  /** Refuses a base of a family that the style is not for, and words that belong to the person. */
  public void requireCompatible(BaseModel base) {
    StyleVocabulary.validate(this);
    String family = base.unwrap(ModelExtras.class)
        .styleFamily()
        .orElseGet(
            () -> FAMILY_NAMES.getOrDefault(base.unwrap(OpenModel.class).family(), OTHER_FAMILY));
    if (!bases.isEmpty() && !bases.contains(family)) {
      throw new InvalidInputException(
          "the style " + name + " is for bases of " + String.join(", ", bases) + ", and "
              + base.name() + " is of " + family + "; choose another style, or another base");
    }
  }

  /** The built-in style of this name; {@link #all()} has them all. */
  public static Style named(String name) {
    return all().stream()
        .filter(style -> style.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("unknown style \"" + name + "\"; known: "
            + String.join(", ", all().stream().map(Style::name).toList())));
  }

  /** Every built-in style, the four that a shoot takes unasked first. */
  public static List<Style> all() {
    return StyleFile.BUILT_IN;
  }

  /** What a shoot draws when no style is asked for. */
  public static List<Style> defaults() {
    return all().subList(0, 4);
  }

  /**
   * An application's own styles, a JSON list of objects with the fields of this record.
   *
   * @throws InvalidInputException naming the line and the reason, when the file is not that
   */
  public static List<Style> read(Path file) {
    return StyleFile.read(file);
  }

  /**
   * The prompt of image {@code index} of this style, counted from 0. The person comes first, so
   * that no style's words push theirs out of a prompt that is cut.
   *
   * @param who the person in words, such as {@code a young woman with red hair}
   */
  public String prompt(String who, int index) {
    if (who.isBlank()) {
      throw new InvalidInputException("nobody to draw: the words for the person are empty");
    }
    int clothes = index % wardrobe.size();
    int rounds = index / wardrobe.size();
    // Digits of the index, one a list: whatever those before add to the next, each combination
    // comes once.
    int face = rounds % expressions.size();
    int light = rounds / expressions.size() % lights.size();
    int backdrop = rounds / expressions.size() / lights.size();
    return opening + " of " + who + ", wearing " + wardrobe.get(clothes) + ", "
        + cycle(expressions, clothes + face) + ", " + cycle(lights, clothes + 2 * face + light)
        + ", "
        + cycle(backdrops, clothes - face - light + backdrop);
  }

  /** {@link #prompt} with the lens named, for a base that knows what a lens does. */
  public String photographicPrompt(String who, int index) {
    return lens.isEmpty() ? prompt(who, index) : prompt(who, index) + ", " + lens;
  }

  /**
   * The image as this style shows it, of one that was drawn: black and white by its luma (ITU-R
   * BT.601) where it is monochrome.
   */
  public RgbImage convertColours(RgbImage drawn) {
    return isMonochrome ? Luma.of(drawn).toImage() : drawn;
  }

  /**
   * The same that also has these words for its parts among its own, so that they are found in
   * prompts.
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

  /** The same by another name, shown black and white or as it is drawn. */
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
    return Stream.concat(
            own.stream(),
            Stream.of(parts).map(words::get).filter(text -> text != null && !own.contains(text)))
        .toList();
  }

  private static String cycle(List<String> texts, int index) {
    return texts.get(Math.floorMod(index, texts.size()));
  }

  /** What of a headshot is asked for in other words. */
  public enum Part {
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

    private final String prefix;
    private final double strength;
    private final Function<Style, List<String>> styleTexts;

    Part(String before, double strength, Function<Style, List<String>> texts) {
      this.prefix = before;
      this.strength = strength;
      this.styleTexts = texts;
    }

    /** How much of it is drawn anew unless an edit says, 0 to 1. */
    public double strength() {
      return strength;
    }

    /** As records spell it. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }

    /**
     * A prompt of {@code style} with these words for this part: instead of the style's own, or
     * behind all others.
     */
    public String replaceIn(String prompt, Style style, String words) {
      return findIn(prompt, style)
          .map(text -> prompt.replace(clause(text), clause(words)))
          .orElseGet(() -> prompt + clause(words));
    }

    /** Which of the style's words for this part a prompt says. */
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
