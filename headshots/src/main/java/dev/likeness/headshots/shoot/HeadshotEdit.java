package dev.likeness.headshots.shoot;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Mask;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.internal.sheet.SheetGraphics;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * The changes to a headshot. Pixels outside the changed parts stay exactly the same, with these
 * exceptions. A new light changes the whole image, and a new backdrop changes the outline of the
 * person. New clothes also change the backdrop close to them. Margins also change a narrow strip of
 * the old image beside them. Immutable.
 *
 * @param words the new words for each part to change
 * @param mask the region to generate again. If it is empty, the regions of the parts are located
 *     from the face
 * @param margins pixels to add around the headshot
 * @param strength denoising strength of all changes, 0 to 1. If it is empty, each part has the
 *     default {@link Style.Part#strength()}. An edit with a mask uses the highest default of its
 *     parts. An edit without parts uses the default of {@link Style.Part#BACKDROP}
 * @param seed the seed of the noise
 */
public record HeadshotEdit(
    Map<Style.Part, String> words,
    Optional<Masked> mask,
    Margins margins,
    OptionalDouble strength,
    long seed) {
  /**
   * A region and the words for it.
   *
   * @param image the mask, as large as the headshot; the white region is generated
   * @param words added to the prompt; may be empty
   */
  public record Masked(RgbImage image, String words) {}

  /**
   * Pixels to add on each side.
   *
   * @param left pixels on the left, 0 to 4096
   * @param top pixels at the top, 0 to 4096
   * @param right pixels on the right, 0 to 4096
   * @param bottom pixels at the bottom, 0 to 4096
   */
  public record Margins(int left, int top, int right, int bottom) {
    static final Margins NONE = new Margins(0, 0, 0, 0);

    /**
     * Checks the margins.
     *
     * @throws IllegalArgumentException if a margin is outside 0 to 4096
     */
    public Margins {
      if (IntStream.of(left, top, right, bottom)
          .anyMatch(side -> side < 0 || side > ShootRequest.MAX_SIZE)) {
        throw new IllegalArgumentException(
            "margins must be 0 to " + ShootRequest.MAX_SIZE + " pixels, got left " + left + ", top "
                + top + ", right " + right + ", bottom " + bottom);
      }
    }

    /** {@return true if at least one side has pixels to add} */
    public boolean isNonZero() {
      return left + top + right + bottom > 0;
    }
  }

  /**
   * Checks the edit.
   *
   * @throws IllegalArgumentException if the edit changes nothing, words are blank, margins come
   *     with other changes, or the strength is outside 0 to 1
   */
  public HeadshotEdit {
    if (words.values().stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException(
          "the words of an edit are empty; describe the new part, such as a navy blazer");
    }
    if (words.isEmpty() && mask.isEmpty() && !margins.isNonZero()) {
      throw new IllegalArgumentException(
          "nothing to edit; give a mask, margins, or words for a part");
    }
    if (margins.isNonZero() && (!words.isEmpty() || mask.isPresent())) {
      throw new IllegalArgumentException(
          "an edit either extends a headshot or changes parts; extend it first, then change the"
              + " parts");
    }
    double share = strength.orElse(0);
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "the denoising strength of an edit must be in 0..1, got " + share);
    }
    words = Map.copyOf(words);
  }

  /**
   * Creates an edit that changes one part.
   *
   * @param part the part, such as {@code OUTFIT}
   * @param words the new words, such as {@code a navy blazer}
   * @return the edit
   * @throws IllegalArgumentException if the words are blank
   */
  public static HeadshotEdit of(Style.Part part, String words) {
    return new HeadshotEdit(
        Map.of(part, words), Optional.empty(), Margins.NONE, OptionalDouble.empty(), 0);
  }

  /** {@return an edit that adds a slight smile, with a low denoising strength} */
  public static HeadshotEdit smile() {
    return of(Style.Part.SMILE, "smiling");
  }

  /**
   * Creates an edit that generates a region again.
   *
   * @param white the mask, as large as the headshot; the white region is generated
   * @param words added to the prompt; may be empty
   * @return the edit
   */
  public static HeadshotEdit inMask(RgbImage white, String words) {
    return new HeadshotEdit(
        Map.of(), Optional.of(new Masked(white, words)), Margins.NONE, OptionalDouble.empty(), 0);
  }

  /**
   * Creates an edit that adds margins around the headshot (outpainting).
   *
   * @param left pixels on the left, 0 to 4096
   * @param top pixels at the top, 0 to 4096
   * @param right pixels on the right, 0 to 4096
   * @param bottom pixels at the bottom, 0 to 4096
   * @return the edit
   * @throws IllegalArgumentException if a margin is outside 0 to 4096, or all are 0
   */
  public static HeadshotEdit extend(int left, int top, int right, int bottom) {
    return new HeadshotEdit(
        Map.of(),
        Optional.empty(),
        new Margins(left, top, right, bottom),
        OptionalDouble.empty(),
        0);
  }

  /**
   * Returns a copy of this edit that also changes the given part.
   *
   * @param part the part
   * @param text the new words
   * @return the new edit
   * @throws IllegalArgumentException if the words are blank, or this edit has margins
   */
  public HeadshotEdit with(Style.Part part, String text) {
    Map<Style.Part, String> more = new EnumMap<>(Style.Part.class);
    more.putAll(words);
    more.put(part, text);
    return new HeadshotEdit(more, mask, margins, strength, seed);
  }

  /**
   * Returns a copy of this edit with the given denoising strength.
   *
   * @param share the strength, 0 to 1
   * @return the new edit
   * @throws IllegalArgumentException if the strength is outside 0 to 1
   */
  public HeadshotEdit strength(double share) {
    return new HeadshotEdit(words, mask, margins, OptionalDouble.of(share), seed);
  }

  /**
   * Returns a copy of this edit with the given seed of the noise. Another seed gives another result
   * for the same words.
   *
   * @param value the seed
   * @return the new edit
   */
  public HeadshotEdit seed(long value) {
    return new HeadshotEdit(words, mask, margins, strength, value);
  }

  /**
   * The prompt of the edited headshot.
   *
   * @param headshot the headshot before the edit
   * @return the headshot's prompt with the words of this edit
   */
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
   * @param before the headshot before the edit
   * @param after the headshot after the edit
   * @param mask the region that was generated again, as large as {@code after}; lighter pixels
   *     changed more
   */
  public record Result(Headshot before, Headshot after, RgbImage mask) {
    /**
     * Name of the file that describes an edit. Its key {@code after} describes the edited headshot.
     */
    public static final String FILE = "edit.json";

    private static final int IMAGE_SIDE = 512;
    private static final int MARGIN = 32;
    private static final int HEADING_HEIGHT = 56;
    private static final Color BACKGROUND = new Color(0xFAF8F5);

    /** {@return the share of the image that was generated again, 0 to 1} */
    public double changedShare() {
      long sum = 0;
      for (int i = 0; i < mask.width() * mask.height(); i++) {
        sum += Mask.luma(mask, i % mask.width(), i / mask.width());
      }
      return sum / 255.0 / mask.width() / mask.height();
    }

    /**
     * {@return an image of three parts, side by side: the headshot before the edit, the headshot
     * after the edit, and the mask}
     */
    public RgbImage comparison() {
      RgbImage[] images = {before.image(), after.image(), mask};
      String[] headings = {"Before", "After", "Regenerated"};
      BufferedImage image = new BufferedImage(
          MARGIN + images.length * (IMAGE_SIDE + MARGIN),
          HEADING_HEIGHT + IMAGE_SIDE + 2 * MARGIN,
          BufferedImage.TYPE_INT_RGB);
      Graphics2D paper = image.createGraphics();
      paper.setColor(BACKGROUND);
      paper.fillRect(0, 0, image.getWidth(), image.getHeight());
      SheetGraphics.SheetPen pen = new SheetGraphics.SheetPen(paper);
      // One scale for all images, so that an extended headshot can be compared with the original.
      double scale = (double) IMAGE_SIDE / Math.max(mask.width(), mask.height());
      for (int i = 0; i < images.length; i++) {
        int x = MARGIN + i * (IMAGE_SIDE + MARGIN);
        pen.paintHeading(
            headings[i],
            i == 2 ? String.format(Locale.ROOT, "%.0f %%", 100 * changedShare()) : "",
            x,
            MARGIN / 2);
        int side = (int) Math.round(scale * Math.max(images[i].width(), images[i].height()));
        pen.paintImage(images[i], x, MARGIN / 2 + HEADING_HEIGHT, side);
      }
      paper.dispose();
      return RgbImage.of(image);
    }
  }
}
