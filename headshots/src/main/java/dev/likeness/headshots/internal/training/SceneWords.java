package dev.likeness.headshots.internal.training;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.person.FaceTraits;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.style.Style;
import java.io.IOException;
import java.io.InputStream;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Words for clothes, light and background of a photo, at most one for each attribute. {@code #} in
 * a word stands for a colour.
 *
 * @param values attribute to word, with the colours under {@code outfit colour} and {@code backdrop
 *     colour}; unknown attributes are missing
 */
public record SceneWords(Map<String, String> values) {
  /** No words. */
  public static final SceneWords EMPTY = new SceneWords(Map.of());

  private static final String OUTFIT = "outfit";
  private static final String BACKDROP = "backdrop";
  private static final String COLOUR = " colour";
  private static final String OUTFIT_COLOUR = OUTFIT + COLOUR;

  private static final Map<String, double[]> COLOURS = read();
  // Clothes are partly in shade, so lightness says less than colour.
  private static final double LIGHTNESS_WEIGHT = 0.35;
  private static final double MAX_DISTANCE = 16;
  private static final double MIN_SEPARATION = 6;
  // A wall has one colour if at least this share of its pixels is within UNIFORM_DISTANCE of the
  // median.
  private static final double MIN_UNIFORM_SHARE = 0.8;
  private static final double UNIFORM_DISTANCE = 12;
  private static final String LIGHT = "light";
  private static final double MIN_LIGHT_SHARE = 0.75;
  private static final int MIN_LIT_PHOTOS = 3;
  // The light that bases generate by default, so it need not be in the negative prompt.
  private static final String DEFAULT_LIGHT = "soft light";

  /** The colours of the clothes and of a uniform wall in a photo, if there are words for them. */
  static SceneWords fromPixels(RgbImage crop, SceneRegions regions) {
    double[] clothes = regions.clothingColour(crop);
    List<double[]> wall = regions.colours(crop, SceneRegions.Part.BACKDROP);
    return EMPTY
        .colour(OUTFIT, "# clothes", clothes == null ? "" : colour(clothes))
        .colour(BACKDROP, "a # background", wall.isEmpty() ? "" : uniformColour(wall));
  }

  private SceneWords colour(String attribute, String word, String colour) {
    return colour.isEmpty() ? this : with(attribute + COLOUR, colour).with(attribute, word);
  }

  private static String uniformColour(List<double[]> wall) {
    double[] middle = SceneRegions.median(wall);
    long near = wall.stream()
        .filter(colour -> distance(colour, middle) < UNIFORM_DISTANCE)
        .count();
    return near < MIN_UNIFORM_SHARE * wall.size() ? "" : colour(middle);
  }

  /**
   * The word for a colour L*, a*, b*; empty if no word is near, or if two words are equally near.
   */
  static String colour(double... lab) {
    List<String> nearest = COLOURS.keySet().stream()
        .sorted(Comparator.comparingDouble(word -> distance(lab, COLOURS.get(word))))
        .limit(2)
        .toList();
    double first = distance(lab, COLOURS.get(nearest.get(0)));
    double second = distance(lab, COLOURS.get(nearest.get(1)));
    return first < MAX_DISTANCE && second > first + MIN_SEPARATION ? nearest.get(0) : "";
  }

  /** The distance between two colours, mostly independent of their lightness. */
  static double distance(double[] a, double... b) {
    return Math.sqrt(LIGHTNESS_WEIGHT * (a[0] - b[0]) * (a[0] - b[0])
        + (a[1] - b[1]) * (a[1] - b[1])
        + (a[2] - b[2]) * (a[2] - b[2]));
  }

  public SceneWords with(String attribute, String word) {
    Map<String, String> more = new LinkedHashMap<>(values);
    more.put(attribute, word);
    return new SceneWords(more);
  }

  /** The same words without the colour of the clothes. */
  SceneWords withoutOutfitColour() {
    Map<String, String> others = new LinkedHashMap<>(values);
    others.remove(OUTFIT_COLOUR);
    return new SceneWords(others);
  }

  /** Only the word for the light. */
  SceneWords lightOnly() {
    return values.containsKey(LIGHT) ? EMPTY.with(LIGHT, values.get(LIGHT)) : EMPTY;
  }

  /** The same light with clothes and backdrop of a built-in style, which {@code index} selects. */
  SceneWords withSceneOfStyle(int index) {
    Style style = Style.all().get(index % Style.all().size());
    return lightOnly()
        .with("outfit", style.wardrobe().get(index % style.wardrobe().size()))
        .with("backdrop", style.backdrops().get(index % style.backdrops().size()));
  }

  /**
   * The end of a caption, after the words for the person, such as {@code , wearing a red hoodie,
   * flash, brick wall}; empty without words.
   */
  String captionSuffix() {
    String outfit = word("outfit");
    return Stream.of(outfit.isEmpty() ? "" : "wearing " + outfit, word(LIGHT), word("backdrop"))
        .filter(word -> !word.isEmpty())
        .map(word -> ", " + word)
        .collect(Collectors.joining());
  }

  /**
   * The light of at least three quarters of the photos, and of at least three photos.
   *
   * @param photos the scene of each photo
   * @return empty if the photos differ, or if they share the light that bases generate by default
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

  /** The word of an attribute, with its colour filled in. */
  public String word(String attribute) {
    String filled = values
        .getOrDefault(attribute, "")
        .replace("#", values.getOrDefault(attribute + " colour", ""))
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
      throw new IllegalStateException("the jar of Likeness is damaged; download it again", e);
    }
  }

  private static double[] lab(List<?> rgb) {
    double[] linear =
        rgb.stream().mapToDouble(share -> ((Number) share).doubleValue()).toArray();
    return FaceTraits.lab(linear[0], linear[1], linear[2]);
  }
}
