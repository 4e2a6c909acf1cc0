package dev.likeness.headshots.internal.training;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.person.FaceTraits;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.style.Style;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a photo shows beside the person, a word for each slot; {@code #} in a word stands for a
 * colour. What is not known is left out.
 *
 * @param values slot to word; the colours are {@code outfit colour} and {@code backdrop colour}
 */
public record SceneWords(Map<String, String> values) {
  /** Nothing said. */
  public static final SceneWords EMPTY = new SceneWords(Map.of());

  private static final String OUTFIT = "outfit";
  private static final String BACKDROP = "backdrop";
  private static final String COLOUR = " colour";
  private static final String OUTFIT_COLOUR = OUTFIT + COLOUR;

  private static final Map<String, double[]> COLOURS = read();
  // Clothes are seen in light and shade: how light they are says less than their colour does.
  private static final double LIGHTNESS_WEIGHT = 0.35;
  private static final double MAX_DISTANCE = 16;
  private static final double MIN_SEPARATION = 6;
  // A wall is of one colour when so many of its pixels are so near to it.
  private static final double MIN_UNIFORM_SHARE = 0.8;
  private static final double UNIFORM_DISTANCE = 12;
  private static final String LIGHT = "light";
  private static final double MIN_LIGHT_SHARE = 0.75;
  private static final int MIN_LIT_PHOTOS = 3;
  // The light that bases generate without being asked: no negative prompt is needed against it.
  private static final String DEFAULT_LIGHT = "soft light";

  /** The colours of the clothes and of an even wall in a photo, where there is a word near them. */
  static SceneWords fromPixels(RgbImage crop, SceneRegions regions) {
    double[] clothes = regions.clothingColour(crop);
    List<double[]> wall = regions.colours(crop, SceneRegions.Part.BACKDROP);
    return EMPTY
        .colour(OUTFIT, "# clothes", clothes == null ? "" : colour(clothes))
        .colour(BACKDROP, "a # background", wall.isEmpty() ? "" : uniformColour(wall));
  }

  private SceneWords colour(String slot, String word, String colour) {
    return colour.isEmpty() ? this : with(slot + COLOUR, colour).with(slot, word);
  }

  private static String uniformColour(List<double[]> wall) {
    double[] middle = SceneRegions.median(wall);
    long near = wall.stream()
        .filter(colour -> distance(colour, middle) < UNIFORM_DISTANCE)
        .count();
    return near < MIN_UNIFORM_SHARE * wall.size() ? "" : colour(middle);
  }

  /** The word for a colour, given as L*, a*, b*; empty when none is near, or two are. */
  static String colour(double... lab) {
    List<String> nearest = COLOURS.keySet().stream()
        .sorted(Comparator.comparingDouble(word -> distance(lab, COLOURS.get(word))))
        .limit(2)
        .toList();
    double first = distance(lab, COLOURS.get(nearest.get(0)));
    double second = distance(lab, COLOURS.get(nearest.get(1)));
    return first < MAX_DISTANCE && second > first + MIN_SEPARATION ? nearest.get(0) : "";
  }

  /** How different two colours look, whatever their light. */
  static double distance(double[] a, double... b) {
    return Math.sqrt(LIGHTNESS_WEIGHT * (a[0] - b[0]) * (a[0] - b[0])
        + (a[1] - b[1]) * (a[1] - b[1])
        + (a[2] - b[2]) * (a[2] - b[2]));
  }

  public SceneWords with(String slot, String word) {
    Map<String, String> more = new LinkedHashMap<>(values);
    more.put(slot, word);
    return new SceneWords(more);
  }

  /** It with clothes of any colour. */
  SceneWords withoutOutfitColour() {
    Map<String, String> others = new LinkedHashMap<>(values);
    others.remove(OUTFIT_COLOUR);
    return new SceneWords(others);
  }

  /** Of it the light alone. */
  SceneWords lightOnly() {
    return values.containsKey(LIGHT) ? EMPTY.with(LIGHT, values.get(LIGHT)) : EMPTY;
  }

  /**
   * The same light on the clothes and before the backdrop of a built-in style; {@code index}
   * chooses which.
   */
  SceneWords withSceneOfStyle(int index) {
    Style style = Style.all().get(index % Style.all().size());
    return lightOnly()
        .with("outfit", style.wardrobe().get(index % style.wardrobe().size()))
        .with("backdrop", style.backdrops().get(index % style.backdrops().size()));
  }

  /**
   * Behind the words for the person, such as {@code , wearing a red hoodie, flash, brick wall};
   * empty for nothing.
   */
  String captionSuffix() {
    String outfit = word("outfit");
    return Stream.of(outfit.isEmpty() ? "" : "wearing " + outfit, word(LIGHT), word("backdrop"))
        .filter(word -> !word.isEmpty())
        .map(word -> ", " + word)
        .collect(Collectors.joining());
  }

  /**
   * The light that at least three in four of the photos share, and at least three photos.
   *
   * @param photos the scene of each photo
   * @return empty words if the photos differ, or if they share the light that bases generate anyway
   */
  public static PersonRecord.SharedLight sharedLight(List<SceneWords> photos) {
    Map<String, Long> counts = photos.stream()
        .map(photo -> photo.word(LIGHT))
        .filter(word -> !word.isEmpty() && !word.equals(DEFAULT_LIGHT))
        .collect(Collectors.groupingBy(word -> word, Collectors.counting()));
    return new PersonRecord.SharedLight(counts.entrySet().stream()
        .filter(
            light -> light.getValue() >= Math.max(MIN_LIT_PHOTOS, MIN_LIGHT_SHARE * photos.size()))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(""));
  }

  /** What is said for a slot, its colour filled in. */
  public String word(String slot) {
    String filled = values
        .getOrDefault(slot, "")
        .replace("#", values.getOrDefault(slot + " colour", ""))
        .replaceAll(" +", " ")
        .strip();
    return filled.matches("a [aeio].*") ? "an" + filled.substring(1) : filled;
  }

  private static Map<String, double[]> read() {
    try (InputStream in = SceneWords.class.getResourceAsStream("scene-words.json")) {
      Map<String, double[]> colours = new LinkedHashMap<>();
      JSON.std.mapFrom(in).forEach((word, rgb) -> colours.put(word, lab((List<?>) rgb)));
      return colours;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static double[] lab(List<?> rgb) {
    double[] linear =
        rgb.stream().mapToDouble(share -> ((Number) share).doubleValue()).toArray();
    return FaceTraits.lab(linear[0], linear[1], linear[2]);
  }
}
