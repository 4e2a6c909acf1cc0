package dev.likeness.headshots;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
    Map<EditPart, String> words,
    Optional<Masked> mask,
    Margins margins,
    double strength,
    long seed) {
  /**
   * A place and what to draw there.
   *
   * @param white white where to draw
   * @param words said beside everything else; may be empty
   */
  public record Masked(RgbImage white, String words) {}

  /** Pixels added on each side, 0 to 4096. */
  public record Margins(int left, int top, int right, int bottom) {
    static final Margins NONE = new Margins(0, 0, 0, 0);

    public Margins {
      if (IntStream.of(left, top, right, bottom)
          .anyMatch(side -> side < 0 || side > ShootRequest.MOST_SIZE)) {
        throw new IllegalArgumentException("margins must be 0 to " + ShootRequest.MOST_SIZE
            + " pixels, given " + left + ", " + top + ", " + right + ", " + bottom);
      }
    }

    boolean any() {
      return left + top + right + bottom > 0;
    }
  }

  /**
   * Parts that are drawn at once.
   *
   * @param parts none where a mask or margins say what is drawn
   * @param strength how much is drawn anew, 0 to 1
   */
  record Pass(Set<EditPart> parts, double strength) {}

  public HeadshotEdit {
    if (words.values().stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException(
          "an edit's words are empty; say what to draw, such as a navy blazer");
    }
    if (words.isEmpty() && mask.isEmpty() && !margins.any()) {
      throw new IllegalArgumentException(
          "nothing to edit; give words for a part, a mask, or margins");
    }
    if (margins.any() && (!words.isEmpty() || mask.isPresent())) {
      throw new IllegalArgumentException(
          "extend a headshot first and change parts of it then; an edit does one of these");
    }
    if (strength < 0 || strength > 1) {
      throw new IllegalArgumentException("strength " + strength + " is outside 0..1");
    }
    words = Map.copyOf(words);
  }

  /** One part in other words, such as {@code OUTFIT} in {@code a navy blazer}. */
  public static HeadshotEdit of(EditPart part, String words) {
    return new HeadshotEdit(Map.of(part, words), Optional.empty(), Margins.NONE, Double.NaN, 0);
  }

  /** A little more of a smile: the same face, drawn over lightly. */
  public static HeadshotEdit smile() {
    return of(EditPart.SMILE, "smiling");
  }

  /** What {@code words} say, where {@code white} is white. */
  public static HeadshotEdit within(RgbImage white, String words) {
    return new HeadshotEdit(
        Map.of(), Optional.of(new Masked(white, words)), Margins.NONE, Double.NaN, 0);
  }

  /** A larger canvas: so many pixels more on each side. */
  public static HeadshotEdit extend(int left, int top, int right, int bottom) {
    return new HeadshotEdit(
        Map.of(), Optional.empty(), new Margins(left, top, right, bottom), Double.NaN, 0);
  }

  /** Another part too, at once. */
  public HeadshotEdit and(EditPart part, String text) {
    Map<EditPart, String> more = new EnumMap<>(EditPart.class);
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
    List<EditPart> parts = words.keySet().stream()
        .sorted(Comparator.comparingDouble(EditPart::strength).reversed())
        .toList();
    if (mask.isEmpty() && !margins.any() && Double.isNaN(strength)) {
      return parts.stream().map(part -> new Pass(Set.of(part), part.strength())).toList();
    }
    double most = parts.isEmpty() ? EditPart.BACKDROP.strength() : parts.get(0).strength();
    return List.of(new Pass(words.keySet(), Double.isNaN(strength) ? most : strength));
  }

  /** The prompt of a headshot with this edit's words in it. */
  String prompt(Headshot headshot) {
    String prompt = headshot.request().prompt();
    for (EditPart part : EditPart.values()) {
      prompt =
          words.containsKey(part) ? part.in(prompt, headshot.style(), words.get(part)) : prompt;
    }
    return mask.map(Masked::words)
        .filter(text -> !text.isBlank())
        .map(", "::concat)
        .map(prompt::concat)
        .orElse(prompt);
  }
}
