package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Arrays;

/** How light a face is. Highlights rather than averages tell under-exposure from dark skin. */
final class Exposure {
  private static final int CLIPPED = 250;
  private static final double HIGHLIGHT = 0.95;

  private Exposure() {}

  /** The brightness, 0 to 255, that 95 % of the face's pixels stay below. */
  static double highlight(FacePatch patch) {
    int[] values = new int[patch.side() * patch.side()];
    int n = 0;
    for (int y = 0; y < patch.side(); y++) {
      for (int x = 0; x < patch.side(); x++) {
        if (patch.inOval(x, y)) {
          values[n++] = patch.luma().at(x, y);
        }
      }
    }
    Arrays.sort(values, 0, n);
    return values[(int) (HIGHLIGHT * (n - 1))];
  }

  /** The share of the face, 0 to 1, that is burnt out to white. */
  static double burnt(FacePatch patch) {
    RgbImage picture = patch.picture();
    int burnt = 0;
    int all = 0;
    for (int y = 0; y < patch.side(); y++) {
      for (int x = 0; x < patch.side(); x++) {
        if (patch.inOval(x, y)) {
          all++;
          burnt += picture.at(x, y, 0) >= CLIPPED && picture.at(x, y, 1) >= CLIPPED ? 1 : 0;
        }
      }
    }
    return (double) burnt / all;
  }

  /**
   * How many stops the right half of the face is lighter than the left one; negative when it is
   * darker.
   */
  static double slope(FacePatch patch) {
    double[] light = new double[2];
    for (int y = 0; y < patch.side(); y++) {
      for (int x = 0; x < patch.side(); x++) {
        if (patch.inOval(x, y)) {
          light[2 * x < patch.side() ? 0 : 1] += Math.pow(patch.luma().at(x, y) / 255.0, 2.2);
        }
      }
    }
    double least = 1e-3 * patch.side() * patch.side();
    return Math.log((light[1] + least) / (light[0] + least)) / Math.log(2);
  }
}
