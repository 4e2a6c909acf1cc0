package dev.likeness.headshots;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.internal.sheet.SheetGraphics;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * What to change of a headshot. Immutable; the methods give another one. What an edit does not
 * speak of stays as it is, to the pixel, but for light, which falls on everything, and the person's
 * outline before a new backdrop.
 *
 * @param words what to draw instead, part by part
 * @param mask white where to draw, as large as the headshot; empty for where the parts are found to
 *     be
 * @param margins how many pixels to draw around it: left, top, right, bottom
 * @param strength how much is drawn anew, 0 to 1, or NaN for what each part needs; within a mask,
 *     what that part needs that needs the most
 * @param seed of the noise
 */
public record HeadshotEdit(
    Map<Part, String> words, Optional<Masked> mask, Margins margins, double strength, long seed) {
  /**
   * A place and what to draw there.
   *
   * @param image white where to draw
   * @param words said beside everything else; may be empty
   */
  public record Masked(RgbImage image, String words) {}

  /** Pixels added on each side, 0 to 4096. */
  public record Margins(int left, int top, int right, int bottom) {
    static final Margins NONE = new Margins(0, 0, 0, 0);

    public Margins {
      if (IntStream.of(left, top, right, bottom)
          .anyMatch(side -> side < 0 || side > ShootRequest.MAX_SIZE)) {
        throw new IllegalArgumentException("margins must be 0 to " + ShootRequest.MAX_SIZE
            + " pixels, given " + left + ", " + top + ", " + right + ", " + bottom);
      }
    }

    boolean isNonZero() {
      return left + top + right + bottom > 0;
    }
  }

  /**
   * Parts that are drawn at once.
   *
   * @param parts none where a mask or margins say what is drawn
   * @param strength how much is drawn anew, 0 to 1
   */
  record Pass(Set<Part> parts, double strength) {}

  public HeadshotEdit {
    if (words.values().stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException(
          "an edit's words are empty; say what to draw, such as a navy blazer");
    }
    if (words.isEmpty() && mask.isEmpty() && !margins.isNonZero()) {
      throw new IllegalArgumentException(
          "nothing to edit; give words for a part, a mask, or margins");
    }
    if (margins.isNonZero() && (!words.isEmpty() || mask.isPresent())) {
      throw new IllegalArgumentException(
          "extend a headshot first and change parts of it then; an edit does one of these");
    }
    if (strength < 0 || strength > 1) {
      throw new IllegalArgumentException("strength " + strength + " is outside 0..1");
    }
    words = Map.copyOf(words);
  }

  /** One part in other words, such as {@code OUTFIT} in {@code a navy blazer}. */
  public static HeadshotEdit of(Part part, String words) {
    return new HeadshotEdit(Map.of(part, words), Optional.empty(), Margins.NONE, Double.NaN, 0);
  }

  /** A little more of a smile: the same face, drawn over lightly. */
  public static HeadshotEdit smile() {
    return of(Part.SMILE, "smiling");
  }

  /** What {@code words} say, where {@code white} is white. */
  public static HeadshotEdit inMask(RgbImage white, String words) {
    return new HeadshotEdit(
        Map.of(), Optional.of(new Masked(white, words)), Margins.NONE, Double.NaN, 0);
  }

  /** A larger canvas: so many pixels more on each side. */
  public static HeadshotEdit extend(int left, int top, int right, int bottom) {
    return new HeadshotEdit(
        Map.of(), Optional.empty(), new Margins(left, top, right, bottom), Double.NaN, 0);
  }

  /** Another part too, at once. */
  public HeadshotEdit with(Part part, String text) {
    Map<Part, String> more = new EnumMap<>(Part.class);
    more.putAll(words);
    more.put(part, text);
    return new HeadshotEdit(more, mask, margins, strength, seed);
  }

  public HeadshotEdit strength(double share) {
    return new HeadshotEdit(words, mask, margins, share, seed);
  }

  /** Drawn from other noise: another result for the same words. */
  public HeadshotEdit seed(long value) {
    return new HeadshotEdit(words, mask, margins, strength, value);
  }

  /**
   * What is drawn in turn: each part as much anew as it needs, the most first; at once where a
   * place or a strength is given.
   */
  List<Pass> passes() {
    List<Part> parts = words.keySet().stream()
        .sorted(Comparator.comparingDouble(Part::strength).reversed())
        .toList();
    if (mask.isEmpty() && !margins.isNonZero() && Double.isNaN(strength)) {
      return parts.stream().map(part -> new Pass(Set.of(part), part.strength())).toList();
    }
    double most = parts.isEmpty() ? Part.BACKDROP.strength() : parts.get(0).strength();
    return List.of(new Pass(words.keySet(), Double.isNaN(strength) ? most : strength));
  }

  /** The prompt of a headshot with this edit's words in it. */
  String prompt(Headshot headshot) {
    String prompt = headshot.request().prompt();
    for (Part part : Part.values()) {
      prompt = words.containsKey(part)
          ? part.replaceIn(prompt, headshot.style(), words.get(part))
          : prompt;
    }
    return mask.map(Masked::words)
        .filter(text -> !text.isBlank())
        .map(", "::concat)
        .map(prompt::concat)
        .orElse(prompt);
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
    String replaceIn(String prompt, Style style, String words) {
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

  /**
   * A headshot before and after an edit.
   *
   * @param before as it was
   * @param after as it is now
   * @param mask the lighter the more was drawn anew, as large as {@code after}
   */
  public record Result(Headshot before, Headshot after, RgbImage mask) {
    /**
     * What the file is called that tells of an edit; what it was changed to stands there as
     * {@code after}.
     */
    public static final String FILE = "edit.json";

    private static final int IMAGE_SIDE = 512;
    private static final int MARGIN = 32;
    private static final int HEADING_HEIGHT = 56;
    private static final Color BACKGROUND = new Color(0xFAF8F5);

    /** The share of the image that was drawn anew, 0 to 1. */
    public double changedShare() {
      long sum = 0;
      for (int i = 0; i < mask.width() * mask.height(); i++) {
        sum += mask.at(i % mask.width(), i / mask.width(), 0);
      }
      return sum / 255.0 / mask.width() / mask.height();
    }

    /** Both beside each other, and where they differ. */
    public RgbImage comparison() {
      RgbImage[] shown = {before.image(), after.image(), mask};
      String[] headings = {"Before", "After", "Drawn anew"};
      BufferedImage image = new BufferedImage(
          MARGIN + shown.length * (IMAGE_SIDE + MARGIN),
          HEADING_HEIGHT + IMAGE_SIDE + 2 * MARGIN,
          BufferedImage.TYPE_INT_RGB);
      Graphics2D paper = image.createGraphics();
      paper.setColor(BACKGROUND);
      paper.fillRect(0, 0, image.getWidth(), image.getHeight());
      SheetGraphics.SheetPen pen = new SheetGraphics.SheetPen(paper);
      for (int i = 0; i < shown.length; i++) {
        int x = MARGIN + i * (IMAGE_SIDE + MARGIN);
        pen.paintHeading(
            headings[i],
            i == 2 ? String.format(Locale.ROOT, "%.0f %%", 100 * changedShare()) : "",
            x,
            MARGIN / 2);
        pen.paintImage(shown[i], x, MARGIN / 2 + HEADING_HEIGHT, IMAGE_SIDE);
      }
      paper.dispose();
      return RgbImage.of(image);
    }
  }
}
