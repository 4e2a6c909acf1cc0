package dev.likeness.photos.quality;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.face.Box;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.pixels.Resampler;

/**
 * How much of the crown above a face has a colour that neither hair nor this face's skin has, as hats and scarves do. A
 * hat in the colours of hair (black, grey, brown, straw) is not noticed.
 */
final class Headwear {
  private static final int CELLS = 20;
  // The crown begins above the face's span, and is this share of its height.
  private static final double TALL = 0.2;
  // Hair is without much colour, or its hue lies between red and yellow, and it is not as vivid as dyes are.
  private static final int COLOURED = 28;
  private static final double VIVID = 0.75;

  private Headwear() {}

  /** The share of the crown, 0 to 1, that is neither hair nor skin by its colour. */
  static double of(Picture whole, Face face, Occlusion skin) {
    Box span = face.span();
    double top = Math.max(0, span.y() - TALL * span.height());
    double height = span.y() - top;
    if (height < TALL / 2 * span.height()) {
      return 0;
    }
    Picture crown = Resampler.AREA.resize(whole, span.x() + 0.3 * span.width(), top, 0.4 * span.width(), height, CELLS,
        CELLS);
    int worn = 0;
    for (int i = 0; i < CELLS * CELLS; i++) {
      int x = i % CELLS;
      int y = i / CELLS;
      worn += skin.foreign(Occlusion.colour(crown, x, y)) && dyed(crown, x, y) ? 1 : 0;
    }
    return (double) worn / (CELLS * CELLS);
  }

  private static boolean dyed(Picture picture, int x, int y) {
    int r = picture.at(x, y, 0);
    int g = picture.at(x, y, 1);
    int b = picture.at(x, y, 2);
    int most = Math.max(r, Math.max(g, b));
    int span = most - Math.min(r, Math.min(g, b));
    boolean redToYellow = b <= g && g <= r;
    return span > COLOURED && (!redToYellow || span > VIVID * most && r > 120);
  }
}
