package dev.likeness.headshots.internal.score;

import java.util.Arrays;

/** Measures of neighbouring pixels: noise, compression blocks, texture of skin. */
public final class DetailMeasures {
  private static final int BLOCK = 8;
  private static final double FLAT_SHARE = 0.35;

  private DetailMeasures() {}

  /**
   * The standard deviation of the noise by Immerkaer's mask (CVIU 64, 1996), with the median in
   * place of the mean, so that edges do not count.
   */
  public static double noise(FaceView view) {
    Plane p = view.whole;
    float[] answers = new float[(p.width - 2) * (p.height - 2)];
    for (int y = 1, i = 0; y < p.height - 1; y++) {
      for (int x = 1; x < p.width - 1; x++) {
        answers[i++] = Math.abs(p.at(x - 1, y - 1)
            + p.at(x + 1, y - 1)
            + p.at(x - 1, y + 1)
            + p.at(x + 1, y + 1)
            - 2 * (p.at(x, y - 1) + p.at(x, y + 1) + p.at(x - 1, y) + p.at(x + 1, y))
            + 4 * p.at(x, y));
      }
    }
    Arrays.sort(answers);
    return answers[answers.length / 2] / (6 * 0.6745);
  }

  /**
   * The steps at the strongest of the eight offsets of a grid of 8 pixels, divided by the steps at
   * the other offsets, minus 1.
   */
  public static double compression(FaceView view) {
    return Math.max(blockEdges(view.whole, true), blockEdges(view.whole, false));
  }

  private static double blockEdges(Plane p, boolean across) {
    double[] steps = new double[BLOCK];
    int length = across ? p.width : p.height;
    for (int i = 2; i < length - 1; i++) {
      double sum = 0;
      for (int j = 0; j < (across ? p.height : p.width); j++) {
        float before = across ? p.at(i - 1, j) - p.at(i - 2, j) : p.at(j, i - 1) - p.at(j, i - 2);
        float here = across ? p.at(i, j) - p.at(i - 1, j) : p.at(j, i) - p.at(j, i - 1);
        float after = across ? p.at(i + 1, j) - p.at(i, j) : p.at(j, i + 1) - p.at(j, i);
        // The step beyond its neighbours' steps, with an upper bound: steps of blocks are weak and
        // everywhere, edges are strong and rare.
        sum += Math.min(12, Math.max(0, Math.abs(here) - (Math.abs(before) + Math.abs(after)) / 2));
      }
      steps[i % BLOCK] += sum / (length / BLOCK);
    }
    double most = Arrays.stream(steps).max().orElseThrow();
    double rest = (Arrays.stream(steps).sum() - most) / (BLOCK - 1);
    return most / Math.max(1e-6, rest) - 1;
  }

  /**
   * The inverse of the fine detail in the smoothest third of the middle of the face, so that hair,
   * beard, glasses and features do not count.
   */
  public static double wax(FaceView view) {
    int s = view.patch.side();
    int from = s / 5;
    int span = s * 3 / 5;
    Plane fine = view.skin.blurred(1).minus(view.skin.blurred(4));
    float[] strength = new float[span * span];
    for (int i = 0; i < strength.length; i++) {
      strength[i] = Math.abs(fine.at(from + i % span, s / 8 + i / span));
    }
    Arrays.sort(strength);
    return 1 / (0.05 + strength[(int) (FLAT_SHARE * strength.length)]);
  }

  /** The ratio of the finest detail to the edges, over the middle of the face. */
  public static double sharp(FaceView view) {
    int s = view.patch.side();
    double edges = view.skin.gradient(s / 5, s / 5, s * 3 / 5, s * 3 / 5, true)
        + view.skin.gradient(s / 5, s / 5, s * 3 / 5, s * 3 / 5, false);
    return fine(view.skin, s) / (edges + 0.5);
  }

  /** The mean difference of a pixel from its four neighbours, over the middle of the face. */
  private static double fine(Plane p, int side) {
    double sum = 0;
    int n = 0;
    for (int j = side / 5; j < 0.8 * side; j++) {
      for (int i = side / 5; i < 0.8 * side; i++) {
        sum += Math.abs(
            p.at(i, j) - (p.at(i - 1, j) + p.at(i + 1, j) + p.at(i, j - 1) + p.at(i, j + 1)) / 4);
        n++;
      }
    }
    return sum / n;
  }
}
