package dev.likeness.photos.quality;

import dev.likeness.diffusion.image.Picture;
import java.util.Arrays;

/**
 * How much of a face is something else than skin (a mask, a hand in a glove, sunglasses, a scarf): the share of the
 * oval whose colour lies far from that of the face's own skin.
 */
final class Coverage {
  private static final double FAR = 0.06;
  private static final double COLOURLESS = 0.025;

  private Coverage() {}

  /** The share of the face below the brows, 0 to 1; 0 for pictures without colour, where it cannot be told. */
  static double of(FacePatch patch) {
    return share(patch, 0.28, 1);
  }

  /** The same of the band that the eyes lie in; brows and lashes alone make about a quarter of it. */
  static double ofEyes(FacePatch patch) {
    return share(patch, 0.28, 0.46);
  }

  private static double share(FacePatch patch, double top, double bottom) {
    double[] forehead = skin(patch, 0.12, 0.28);
    double[] cheeks = skin(patch, 0.46, 0.6);
    // Hair may lie over one and a mask over the other; skin of every tone is the redder.
    double[] skin = forehead[0] - forehead[1] > cheeks[0] - cheeks[1] ? forehead : cheeks;
    if (Math.hypot(skin[0], skin[1]) < COLOURLESS) {
      return 0;
    }
    double[][] part = chroma(patch, top, bottom);
    int far = 0;
    for (int i = 0; i < part[0].length; i++) {
      far += Math.hypot(part[0][i] - skin[0], part[1][i] - skin[1]) > FAR ? 1 : 0;
    }
    return (double) far / part[0].length;
  }

  // Red and blue shares of each pixel between two heights, less a third: 0, 0 is grey, whatever the light.
  private static double[][] chroma(FacePatch patch, double top, double bottom) {
    Picture picture = patch.picture();
    int side = patch.side();
    double[][] shares = new double[2][side * side];
    int n = 0;
    for (int y = (int) (top * side); y < bottom * side; y++) {
      for (int x = 0; x < side; x++) {
        if (patch.inOval(x, y)) {
          double sum = picture.at(x, y, 0) + picture.at(x, y, 1) + picture.at(x, y, 2) + 30;
          shares[0][n] = (picture.at(x, y, 0) + 10) / sum - 1 / 3.0;
          shares[1][n++] = (picture.at(x, y, 2) + 10) / sum - 1 / 3.0;
        }
      }
    }
    return new double[][] {Arrays.copyOf(shares[0], n), Arrays.copyOf(shares[1], n)};
  }

  private static double[] skin(FacePatch patch, double top, double bottom) {
    double[][] shares = chroma(patch, top, bottom);
    return new double[] {median(shares[0]), median(shares[1])};
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
