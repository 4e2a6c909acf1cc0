package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Arrays;

/**
 * How much of a face is something else than skin (a mask, a glove, sunglasses, a scarf): shares of
 * its oval whose colour lies far from that of the face's own skin. All are 0 for pictures without
 * colour, where it cannot be told.
 */
final class Occlusion {
  private static final double FAR = 0.06;
  private static final double COLOURLESS = 0.025;

  private static final double DARK = 0.3;

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
  double face() {
    return share(0.28, 1, 0.5);
  }

  /**
   * The share of the band that the eyes lie in, 0 to 1, that is not skin or far darker than the
   * face; brows and lashes alone make about a quarter of it.
   */
  double eyes() {
    double[][] band = colours(0.28, 0.46, 0.5);
    double dark = DARK * median(colours(0.12, 1, 0.5))[2];
    return (double) Arrays.stream(band)
            .filter(pixel -> foreign(pixel) || !colourless() && pixel[2] < dark)
            .count()
        / band.length;
  }

  /**
   * The share of nose tip and mouth, which masks cover and beards do not, 0 to 1: the lesser of the
   * two.
   */
  double noseAndMouth() {
    return Math.min(share(0.54, 0.66, 0.15), share(0.7, 0.82, 0.15));
  }

  /** Whether a colour, as {@link #colour} gives it, is far from the skin's. */
  boolean foreign(double[] colour) {
    return !colourless() && Math.hypot(colour[0] - skin[0], colour[1] - skin[1]) > FAR;
  }

  /**
   * Red and blue shares of a pixel, less a third (0, 0 is grey, whatever the light), and its
   * brightness.
   */
  static double[] colour(RgbImage picture, int x, int y) {
    double sum = picture.at(x, y, 0) + picture.at(x, y, 1) + picture.at(x, y, 2) + 30;
    return new double[] {
      (picture.at(x, y, 0) + 10) / sum - 1 / 3.0, (picture.at(x, y, 2) + 10) / sum - 1 / 3.0, sum
    };
  }

  /** The skin's brightness, 0 to 255. */
  double light() {
    return skin[2] / 3 - 10;
  }

  /** Whether the skin has no colour, so that nothing can be told apart from it by colour. */
  boolean colourless() {
    return Math.hypot(skin[0], skin[1]) < COLOURLESS;
  }

  private double share(double top, double bottom, double half) {
    double[][] part = colours(top, bottom, half);
    return (double) Arrays.stream(part).filter(this::foreign).count() / part.length;
  }

  // The oval's colours between two heights and as far as `half` the width from the middle.
  private double[][] colours(double top, double bottom, double half) {
    RgbImage picture = patch.picture();
    int side = patch.side();
    double[][] colours = new double[side * side][];
    int n = 0;
    for (int y = (int) (top * side); y < bottom * side; y++) {
      for (int x = 0; x < side; x++) {
        if (patch.inOval(x, y) && Math.abs((x + 0.5) / side - 0.5) <= half) {
          colours[n++] = colour(picture, x, y);
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
}
