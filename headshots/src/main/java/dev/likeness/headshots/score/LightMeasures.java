package dev.likeness.headshots.score;

import dev.likeness.photos.quality.PhotoFeatures;
import java.util.Arrays;

/** How the light falls on a face. */
final class LightMeasures {
  private static final double LIT = 150;
  private static final int BURNT = 250;
  // Brow, cheeks and chin on the patch, each as its top and bottom; eyes and mouth lie between them.
  private static final double[][] BANDS = {{0.12, 0.26}, {0.48, 0.64}, {0.84, 0.94}};
  private static final int COLUMNS = 5;
  private static final double EDGE = 0.22;
  private static final double WIDTH = 0.112;
  // So many of the fifteen cells show skin even with a beard and a fringe.
  private static final int SKIN = 9;

  private LightMeasures() {}

  static double exposure(View view) {
    double dark = Math.log(LIT / Math.max(1, PhotoFeatures.of(view.picture, view.face).highlight())) / Math.log(2);
    int burnt = 0;
    int all = 0;
    int side = view.patch.side();
    for (int i = 0; i < side * side; i++) {
      if (view.patch.inOval(i % side, i / side)) {
        all++;
        burnt += view.patch.picture().at(i % side, i / side, 0) >= BURNT
            && view.patch.picture().at(i % side, i / side, 1) >= BURNT ? 1 : 0;
      }
    }
    return Math.max(Math.max(0, dark), 10.0 * burnt / all);
  }

  static double direction(View view) {
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    int side = view.patch.side();
    for (double[] band : BANDS) {
      int y = (int) (band[0] * side);
      int h = (int) ((band[1] - band[0]) * side);
      double left = view.skin.median((int) (0.27 * side), y, (int) (0.16 * side), h);
      double right = view.skin.median((int) (0.57 * side), y, (int) (0.16 * side), h);
      double slope = 2.2 * Math.log((right + 4) / (left + 4)) / Math.log(2);
      least = Math.min(least, slope);
      most = Math.max(most, slope);
    }
    return most - least;
  }

  /** The mean distance from their median of the cells nearest to it: brows, beard and hair differ from skin anyway. */
  static double falloff(View view) {
    int side = view.patch.side();
    double[] stops = new double[BANDS.length * COLUMNS];
    for (int i = 0; i < stops.length; i++) {
      double[] band = BANDS[i / COLUMNS];
      double left = EDGE + i % COLUMNS * WIDTH;
      stops[i] = 2.2 * Math.log(4 + view.skin.median((int) (left * side), (int) (band[0] * side), (int) (WIDTH * side),
          (int) ((band[1] - band[0]) * side))) / Math.log(2);
    }
    double median = Arrays.stream(stops).sorted().toArray()[stops.length / 2];
    return 1 / (0.02 + Arrays.stream(stops).map(each -> Math.abs(each - median)).sorted().limit(SKIN).average()
        .orElseThrow());
  }
}
