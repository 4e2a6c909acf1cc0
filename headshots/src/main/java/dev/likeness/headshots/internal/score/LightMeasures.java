package dev.likeness.headshots.internal.score;

import dev.likeness.photos.internal.quality.PhotoFeatures;

/** How the light falls on a face. */
public final class LightMeasures {
  private static final double LIT = 150;
  private static final int BURNT = 250;
  // Brow, cheeks and chin on the patch, each as its top and bottom; eyes and mouth lie between
  // them.
  private static final double[][] BANDS = {{0.12, 0.26}, {0.48, 0.64}, {0.84, 0.94}};

  private LightMeasures() {}

  public static double exposure(FaceView view) {
    double dark =
        Math.log(LIT / Math.max(1, PhotoFeatures.of(view.picture, view.face).highlight()))
            / Math.log(2);
    int burnt = 0;
    int all = 0;
    int side = view.patch.side();
    for (int i = 0; i < side * side; i++) {
      if (view.patch.inOval(i % side, i / side)) {
        all++;
        burnt += view.patch.picture().at(i % side, i / side, 0) >= BURNT
                && view.patch.picture().at(i % side, i / side, 1) >= BURNT
            ? 1
            : 0;
      }
    }
    return Math.max(Math.max(0, dark), 10.0 * burnt / all);
  }

  public static double direction(FaceView view) {
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
}
