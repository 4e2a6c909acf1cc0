package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.image.Resampler;
import java.util.Arrays;

/**
 * How much of a face is something else than skin (a mask, a glove, sunglasses, a scarf): shares of
 * its oval whose colour lies far from that of the face's own skin. All are 0 for images without
 * colour, where it cannot be detected.
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
    // Hair may lie over one and a mask over the other; skin of every tone is the redder.
    this.skin = forehead[0] - forehead[1] > cheeks[0] - cheeks[1] ? forehead : cheeks;
  }

  static Occlusion of(FacePatch patch) {
    return new Occlusion(patch);
  }

  /** The share of the face below the brows, 0 to 1. */
  double faceShare() {
    return coveredShare(0.28, 1, 0.5);
  }

  /**
   * The share of the band that the eyes lie in, 0 to 1, that is not skin or far darker than the
   * face; brows and lashes alone make about a quarter of it.
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
   * The share of nose tip and mouth, which masks cover and beards do not, 0 to 1: the lesser of the
   * two.
   */
  double noseAndMouthShare() {
    return Math.min(coveredShare(0.54, 0.66, 0.15), coveredShare(0.7, 0.82, 0.15));
  }

  /** Whether a colour, as {@link #colour} gives it, is far from the skin's. */
  boolean differsFromSkin(double[] colour) {
    return !isColourless()
        && Math.hypot(colour[0] - skin[0], colour[1] - skin[1]) > MIN_SKIN_DISTANCE;
  }

  /**
   * Red and blue shares of a pixel, less a third (0, 0 is grey, whatever the light), and its
   * brightness.
   */
  static double[] colour(RgbImage image, int x, int y) {
    double sum = image.at(x, y, 0) + image.at(x, y, 1) + image.at(x, y, 2) + 30;
    return new double[] {
      (image.at(x, y, 0) + 10) / sum - 1 / 3.0, (image.at(x, y, 2) + 10) / sum - 1 / 3.0, sum
    };
  }

  /** The skin's brightness, 0 to 255. */
  double skinLightness() {
    return skin[2] / 3 - 10;
  }

  /** Whether the skin has no colour, so that nothing can be told apart from it by colour. */
  boolean isColourless() {
    return Math.hypot(skin[0], skin[1]) < MIN_SKIN_CHROMA;
  }

  private double coveredShare(double top, double bottom, double half) {
    double[][] part = colours(top, bottom, half);
    return (double) Arrays.stream(part).filter(this::differsFromSkin).count() / part.length;
  }

  // The oval's colours between two heights and as far as `half` the width from the middle.
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

  // Of each component by itself.
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
   * How much of the crown above a face looks like cloth, as hats and scarves do: it has a colour
   * that neither hair nor this face's skin has, or it is black, grey or white and more even than
   * hair. A brown hat, or one of coarse cloth in the colours of hair, is not noticed.
   */
  static final class Headwear {
    private static final int CELLS = 20;
    // The crown begins above the face's span, and is this share of its height.
    private static final double HEIGHT_SHARE = 0.2;
    // Hair is without much colour, or its hue lies between red and yellow, and it is not as vivid
    // as
    // dyes are.
    private static final int MIN_CHROMA = 28;
    private static final double VIVID_SHARE = 0.75;
    // Of 1500 rendered heads of hair with little colour none was as even; black hair shows less
    // light
    // and shade than grey.
    private static final int MAX_GREY_CHROMA = 15;
    private static final int MAX_DARK_LIGHTNESS = 70;
    private static final double UNIFORM_CONTRAST = 0.11;
    private static final double UNIFORM_DARK_CONTRAST = 0.05;
    private static final double MIN_LIGHTNESS_DIFFERENCE = 0.35;

    private Headwear() {}

    /**
     * The share of the crown, 0 to 1, that is neither hair nor skin by its colour; or how sure its
     * evenness makes that.
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
      int span = channelRange(image, x, y);
      boolean redToYellow = b <= g && g <= r;
      return span > MIN_CHROMA
          && (!redToYellow || span > VIVID_SHARE * Math.max(r, Math.max(g, b)) && r > 120);
    }

    /**
     * 1 for a crown of one brightness, 0.5 for one at the limit; 0 where it has a colour or may be
     * skin.
     */
    private static double uniformity(RgbImage crown, Occlusion skin) {
      double[] light = new double[CELLS * CELLS];
      double chroma = 0;
      int foreign = 0;
      for (int i = 0; i < light.length; i++) {
        double[] colour = Occlusion.colour(crown, i % CELLS, i / CELLS);
        light[i] = colour[2] / 3 - 10;
        chroma += (double) channelRange(crown, i % CELLS, i / CELLS) / light.length;
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

    private static int channelRange(RgbImage image, int x, int y) {
      int r = image.at(x, y, 0);
      int g = image.at(x, y, 1);
      int b = image.at(x, y, 2);
      return Math.max(r, Math.max(g, b)) - Math.min(r, Math.min(g, b));
    }
  }
}
