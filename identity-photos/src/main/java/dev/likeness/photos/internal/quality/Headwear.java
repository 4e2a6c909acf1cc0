package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.image.Resampler;
import java.util.Arrays;

/**
 * How much of the crown above a face looks like cloth, as hats and scarves do: it has a colour that
 * neither hair nor this face's skin has, or it is black, grey or white and more even than hair. A
 * brown hat, or one of coarse cloth in the colours of hair, is not noticed.
 */
final class Headwear {
  private static final int CELLS = 20;
  // The crown begins above the face's span, and is this share of its height.
  private static final double TALL = 0.2;
  // Hair is without much colour, or its hue lies between red and yellow, and it is not as vivid as
  // dyes are.
  private static final int COLOURED = 28;
  private static final double VIVID = 0.75;
  // Of 1500 rendered heads of hair with little colour none was as even; black hair shows less light
  // and shade than grey.
  private static final int COLOURLESS = 15;
  private static final int DARK = 70;
  private static final double EVEN = 0.11;
  private static final double EVEN_IN_THE_DARK = 0.05;
  private static final double APART = 0.35;

  private Headwear() {}

  /**
   * The share of the crown, 0 to 1, that is neither hair nor skin by its colour; or how sure its
   * evenness makes that.
   */
  static double of(RgbImage whole, Face face, Occlusion skin) {
    BoundingBox span = face.span();
    double top = Math.max(0, span.y() - TALL * span.height());
    double height = span.y() - top;
    if (height < TALL / 2 * span.height()) {
      return 0;
    }
    RgbImage crown = Resampler.AREA.resize(
        whole, span.x() + 0.3 * span.width(), top, 0.4 * span.width(), height, CELLS, CELLS);
    return Math.max(dyed(crown, skin), even(crown, skin));
  }

  private static double dyed(RgbImage crown, Occlusion skin) {
    int worn = 0;
    for (int i = 0; i < CELLS * CELLS; i++) {
      int x = i % CELLS;
      int y = i / CELLS;
      worn += skin.foreign(Occlusion.colour(crown, x, y)) && dyed(crown, x, y) ? 1 : 0;
    }
    return (double) worn / (CELLS * CELLS);
  }

  private static boolean dyed(RgbImage picture, int x, int y) {
    int r = picture.at(x, y, 0);
    int g = picture.at(x, y, 1);
    int b = picture.at(x, y, 2);
    int span = span(picture, x, y);
    boolean redToYellow = b <= g && g <= r;
    return span > COLOURED
        && (!redToYellow || span > VIVID * Math.max(r, Math.max(g, b)) && r > 120);
  }

  /**
   * 1 for a crown of one brightness, 0.5 for one at the limit; 0 where it has a colour or may be
   * skin.
   */
  private static double even(RgbImage crown, Occlusion skin) {
    double[] light = new double[CELLS * CELLS];
    double chroma = 0;
    int foreign = 0;
    for (int i = 0; i < light.length; i++) {
      double[] colour = Occlusion.colour(crown, i % CELLS, i / CELLS);
      light[i] = colour[2] / 3 - 10;
      chroma += (double) span(crown, i % CELLS, i / CELLS) / light.length;
      foreign += skin.foreign(colour) ? 1 : 0;
    }
    double mean = Arrays.stream(light).average().orElse(0);
    boolean apart = foreign > 0.8 * light.length || Math.abs(mean / skin.light() - 1) > APART;
    if (skin.colourless() || chroma >= COLOURLESS || !apart) {
      return 0;
    }
    Arrays.sort(light);
    double contrast =
        (light[light.length * 19 / 20] - light[light.length / 20]) / Math.max(mean, skin.light());
    return Math.max(0, 1 - contrast / (2 * (mean < DARK ? EVEN_IN_THE_DARK : EVEN)));
  }

  private static int span(RgbImage picture, int x, int y) {
    int r = picture.at(x, y, 0);
    int g = picture.at(x, y, 1);
    int b = picture.at(x, y, 2);
    return Math.max(r, Math.max(g, b)) - Math.min(r, Math.min(g, b));
  }
}
