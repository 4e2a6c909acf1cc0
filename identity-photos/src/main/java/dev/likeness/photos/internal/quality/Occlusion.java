package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import java.util.Arrays;

/**
 * Measures how much of a face is covered by something else than skin, such as a mask, glove,
 * sunglasses or scarf. A measure is the share of pixels whose colour differs clearly from the
 * face's own skin. For images without colour all measures are 0.
 */
final class Occlusion {
  private static final double MIN_SKIN_DISTANCE = 0.06;
  private static final double MIN_SKIN_CHROMA = 0.025;

  private static final double DARK_SHARE = 0.3;

  private final FacePatch patch;
  private final double[] skin;

  private Occlusion(FacePatch patch) {
    this.patch = patch;
    double[] forehead = median(colours(0.12, 0.28, 0.5));
    double[] cheeks = median(colours(0.46, 0.6, 0.5));
    // Hair may cover the forehead and a mask the cheeks. Of the two colours, skin is the redder one
    // for all skin tones.
    this.skin = forehead[0] - forehead[1] > cheeks[0] - cheeks[1] ? forehead : cheeks;
  }

  static Occlusion of(FacePatch patch) {
    return new Occlusion(patch);
  }

  /** Returns the covered share of the face below the brows, 0 to 1. */
  double faceShare() {
    return coveredShare(0.28, 1, 0.5);
  }

  /**
   * Returns the share of the eye region, 0 to 1, that is not skin or is far darker than the face.
   * Brows and lashes alone are about a quarter of it.
   */
  double eyesShare() {
    double[][] band = colours(0.28, 0.46, 0.5);
    double dark = DARK_SHARE * median(colours(0.12, 1, 0.5))[2];
    return (double) Arrays.stream(band)
            .filter(pixel -> differsFromSkin(pixel) || !isColourless() && pixel[2] < dark)
            .count()
        / band.length;
  }

  /**
   * Returns the smaller of the covered shares of nose tip and mouth, 0 to 1. Masks cover both,
   * beards do not.
   */
  double noseAndMouthShare() {
    return Math.min(coveredShare(0.54, 0.66, 0.15), coveredShare(0.7, 0.82, 0.15));
  }

  /** Returns true if a colour, in the form of {@link #colour}, is far from the skin's colour. */
  boolean differsFromSkin(double[] colour) {
    return !isColourless()
        && Math.hypot(colour[0] - skin[0], colour[1] - skin[1]) > MIN_SKIN_DISTANCE;
  }

  /**
   * Returns the red and blue shares of a pixel minus a third, and its brightness. The shares of
   * grey are 0 at any brightness.
   */
  static double[] colour(RgbImage image, int x, int y) {
    double sum = image.at(x, y, 0) + image.at(x, y, 1) + image.at(x, y, 2) + 30;
    return new double[] {
      (image.at(x, y, 0) + 10) / sum - 1 / 3.0, (image.at(x, y, 2) + 10) / sum - 1 / 3.0, sum
    };
  }

  /** Returns the brightness of the skin, 0 to 255. */
  double skinLightness() {
    return skin[2] / 3 - 10;
  }

  /**
   * Returns true if the skin has so little colour that colour cannot separate it from other things.
   */
  boolean isColourless() {
    return Math.hypot(skin[0], skin[1]) < MIN_SKIN_CHROMA;
  }

  private double coveredShare(double top, double bottom, double half) {
    double[][] part = colours(top, bottom, half);
    return (double) Arrays.stream(part).filter(this::differsFromSkin).count() / part.length;
  }

  // Returns the colours of the oval between two heights, up to `half` of the width from the middle.
  private double[][] colours(double top, double bottom, double half) {
    RgbImage image = patch.image();
    int side = patch.side();
    double[][] colours = new double[side * side][];
    int n = 0;
    for (int y = (int) (top * side); y < bottom * side; y++) {
      for (int x = 0; x < side; x++) {
        if (patch.isInOval(x, y) && Math.abs((x + 0.5) / side - 0.5) <= half) {
          colours[n++] = colour(image, x, y);
        }
      }
    }
    return Arrays.copyOf(colours, n);
  }

  // The median of each component separately.
  private static double[] median(double[][] colours) {
    double[] median = new double[3];
    for (int c = 0; c < 3; c++) {
      int component = c;
      double[] sorted = Arrays.stream(colours)
          .mapToDouble(colour -> colour[component])
          .sorted()
          .toArray();
      median[c] = sorted[sorted.length / 2];
    }
    return median;
  }

  /**
   * Measures how much of the crown above a face looks like a hat or scarf. Such cloth has a colour
   * that neither hair nor this face's skin has. Or it is black, grey or white, and more even than
   * hair. Brown hats, and coarse cloth in hair colours, are not found.
   */
  static final class Headwear {
    private static final int CELLS = 20;
    // The crown starts above the face's region. Its height is this share of the region's height.
    private static final double HEIGHT_SHARE = 0.2;
    // Hair has little colour, or a hue between red and yellow. It is less vivid than dyed cloth.
    private static final int MIN_CHROMA = 28;
    private static final double VIVID_SHARE = 0.75;
    // Greyish hair is never as even as these contrasts. Black hair has less contrast than grey
    // hair.
    private static final int MAX_GREY_CHROMA = 15;
    private static final int MAX_DARK_LIGHTNESS = 70;
    private static final double UNIFORM_CONTRAST = 0.11;
    private static final double UNIFORM_DARK_CONTRAST = 0.05;
    private static final double MIN_LIGHTNESS_DIFFERENCE = 0.35;

    private Headwear() {}

    /**
     * Returns the larger of two values: the share of the crown, 0 to 1, whose colour is neither
     * hair nor skin, and the evenness of the crown, 0 to 1.
     */
    static double measure(RgbImage whole, Face face, Occlusion skin) {
      BoundingBox span = face.region();
      double top = Math.max(0, span.y() - HEIGHT_SHARE * span.height());
      double height = span.y() - top;
      if (height < HEIGHT_SHARE / 2 * span.height()) {
        return 0;
      }
      RgbImage crown = Resampler.AREA.resize(
          whole, span.x() + 0.3 * span.width(), top, 0.4 * span.width(), height, CELLS, CELLS);
      return Math.max(dyed(crown, skin), uniformity(crown, skin));
    }

    private static double dyed(RgbImage crown, Occlusion skin) {
      int worn = 0;
      for (int i = 0; i < CELLS * CELLS; i++) {
        int x = i % CELLS;
        int y = i / CELLS;
        worn += skin.differsFromSkin(Occlusion.colour(crown, x, y)) && dyed(crown, x, y) ? 1 : 0;
      }
      return (double) worn / (CELLS * CELLS);
    }

    private static boolean dyed(RgbImage image, int x, int y) {
      int r = image.at(x, y, 0);
      int g = image.at(x, y, 1);
      int b = image.at(x, y, 2);
      int span = ChannelRange.of(image, x, y);
      boolean redToYellow = b <= g && g <= r;
      return span > MIN_CHROMA
          && (!redToYellow || span > VIVID_SHARE * Math.max(r, Math.max(g, b)) && r > 120);
    }

    /**
     * Returns 1 for a crown of constant brightness and 0.5 at the limit. Returns 0 if the crown has
     * a colour or may be skin.
     */
    private static double uniformity(RgbImage crown, Occlusion skin) {
      double[] light = new double[CELLS * CELLS];
      double chroma = 0;
      int foreign = 0;
      for (int i = 0; i < light.length; i++) {
        double[] colour = Occlusion.colour(crown, i % CELLS, i / CELLS);
        light[i] = colour[2] / 3 - 10;
        chroma += (double) ChannelRange.of(crown, i % CELLS, i / CELLS) / light.length;
        foreign += skin.differsFromSkin(colour) ? 1 : 0;
      }
      double mean = Arrays.stream(light).average().orElse(0);
      boolean apart = foreign > 0.8 * light.length
          || Math.abs(mean / skin.skinLightness() - 1) > MIN_LIGHTNESS_DIFFERENCE;
      if (skin.isColourless() || chroma >= MAX_GREY_CHROMA || !apart) {
        return 0;
      }
      Arrays.sort(light);
      double contrast = (light[light.length * 19 / 20] - light[light.length / 20])
          / Math.max(mean, skin.skinLightness());
      return Math.max(
          0,
          1
              - contrast
                  / (2 * (mean < MAX_DARK_LIGHTNESS ? UNIFORM_DARK_CONTRAST : UNIFORM_CONTRAST)));
    }
  }
}
