package dev.likeness.headshots.shoot;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.internal.sheet.SheetGraphics;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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
    Map<Style.Part, String> words,
    Optional<Masked> mask,
    Margins margins,
    double strength,
    long seed) {
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

    /** Whether any side has pixels added. */
    public boolean isNonZero() {
      return left + top + right + bottom > 0;
    }
  }

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
  public static HeadshotEdit of(Style.Part part, String words) {
    return new HeadshotEdit(Map.of(part, words), Optional.empty(), Margins.NONE, Double.NaN, 0);
  }

  /** A little more of a smile: the same face, drawn over lightly. */
  public static HeadshotEdit smile() {
    return of(Style.Part.SMILE, "smiling");
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
  public HeadshotEdit with(Style.Part part, String text) {
    Map<Style.Part, String> more = new EnumMap<>(Style.Part.class);
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

  /** The prompt of a headshot with this edit's words in it. */
  public String prompt(Headshot headshot) {
    String prompt = headshot.request().prompt();
    for (Style.Part part : Style.Part.values()) {
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
