package dev.likeness.headshots.internal.training;

import dev.likeness.diffusion.image.RgbImage;
import java.util.List;

/**
 * The colours of clothes and of an even wall, read off a photo's pixels: what can be said of a
 * scene without asking a network.
 */
public final class SceneColours {
  public static final String OUTFIT = "outfit";
  public static final String BACKDROP = "backdrop";
  private static final String COLOUR = " colour";
  static final String OUTFIT_COLOUR = OUTFIT + COLOUR;
  // A wall is of one colour when so many of its pixels are so near to it.
  private static final double EVEN = 0.8;
  private static final double NEAR = 12;

  private SceneColours() {}

  /** A scene of which the colours are said, where there is a word near one. */
  public static SceneWords of(RgbImage crop, SceneRegions regions) {
    SceneWords words = SceneWords.NONE;
    double[] clothes = regions.clothes(crop);
    if (clothes != null) {
      words = words.with(OUTFIT_COLOUR, SceneWords.colour(clothes));
    }
    List<double[]> wall = regions.colours(crop, SceneRegions.Part.BACKDROP);
    return wall.isEmpty() ? words : words.with(BACKDROP + COLOUR, evenColour(wall));
  }

  /** The colour word of the clothes; empty where none is said. */
  public static String ofClothes(SceneWords scene) {
    return said(scene, OUTFIT);
  }

  /** The same with a garment and a backdrop of no kind, of which the colours can be said. */
  public static SceneWords alone(SceneWords colours) {
    SceneWords words = ofClothes(colours).isEmpty() ? colours : colours.with(OUTFIT, "# clothes");
    return said(colours, BACKDROP).isEmpty() ? words : words.with(BACKDROP, "a # background");
  }

  private static String said(SceneWords scene, String slot) {
    return scene.chosen().getOrDefault(slot + COLOUR, "");
  }

  private static String evenColour(List<double[]> wall) {
    double[] middle = SceneRegions.median(wall);
    long near = wall.stream()
        .filter(colour -> SceneWords.distance(colour, middle) < NEAR)
        .count();
    return near < EVEN * wall.size() ? "" : SceneWords.colour(middle);
  }
}
