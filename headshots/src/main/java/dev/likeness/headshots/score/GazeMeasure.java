package dev.likeness.headshots.score;

import java.util.ArrayList;
import java.util.List;

/**
 * Whether both eyes look to the same side. Drawn eyes (lids, white, iris) of many openings and directions are compared
 * with both: how much better two directions explain them than one that they share.
 */
final class GazeMeasure {
  // Half an eye's width, half its height over that, and how far the iris lies from its middle in halves of its width.
  private static final double[] WIDTHS = {11, 12.5, 14, 15.5, 17, 18.5};
  private static final double[] OPENINGS = {0.36, 0.46, 0.58};
  private static final int DIRECTIONS = 15;
  private static final double STEP = 0.1;
  private static final double IRIS = 0.4;
  private static final int HALF_WIDTH = 23;
  private static final int HALF_HEIGHT = 12;
  private static final int FINE = 7;
  private static final int REACH_X = 4;
  private static final int REACH_Y = 3;
  // Eyes are found near their middle rather than far from it.
  private static final double FAR_X = 0.03;
  private static final double FAR_Y = 0.01;
  private static final List<Drawn> EYES = eyes();

  private GazeMeasure() {}

  /** A drawn eye, weighted, of mean 0 and deviation 1 under its weights, which add up to 1. */
  private record Drawn(float[] eye, float[] weights) {}

  /** Twice the logarithm of the likelihood ratio, for one pixel of each eye. */
  static double apart(View view) {
    Plane detail = view.head.mapped(v -> Math.log(v + 6)).detail(FINE);
    double[] left = fits(detail, View.SIDE / 2 - View.EYE_DISTANCE / 2);
    double[] right = fits(detail, View.SIDE / 2 + View.EYE_DISTANCE / 2);
    double two = 0;
    double one = 0;
    for (int shape = 0; shape < left.length; shape += DIRECTIONS) {
      double bestLeft = 0;
      double bestRight = 0;
      for (int i = shape; i < shape + DIRECTIONS; i++) {
        bestLeft = Math.max(bestLeft, left[i]);
        bestRight = Math.max(bestRight, right[i]);
        one = Math.max(one, left[i] + right[i]);
      }
      two = Math.max(two, bestLeft + bestRight);
    }
    return 2 * (two - one);
  }

  /** How well each drawn eye explains an eye: the logarithm of what it leaves unexplained, less it is wherever it is far. */
  private static double[] fits(Plane detail, int x) {
    double[] best = new double[EYES.size()];
    for (int dy = -REACH_Y; dy <= REACH_Y; dy++) {
      for (int dx = -REACH_X; dx <= REACH_X; dx++) {
        double near = Math.exp(-FAR_X * dx * dx - FAR_Y * dy * dy);
        float[] part = part(detail, x + dx, View.EYE_ROW + dy);
        for (int i = 0; i < best.length; i++) {
          double alike = Math.max(0, Math.min(0.99, correlation(part, EYES.get(i))));
          best[i] = Math.max(best[i], -Math.log(1 - alike * alike) * near);
        }
      }
    }
    return best;
  }

  private static float[] part(Plane p, int x, int y) {
    float[] part = new float[(2 * HALF_WIDTH + 1) * (2 * HALF_HEIGHT + 1)];
    for (int i = 0; i < part.length; i++) {
      part[i] = p.at(x - HALF_WIDTH + i % (2 * HALF_WIDTH + 1), y - HALF_HEIGHT + i / (2 * HALF_WIDTH + 1));
    }
    return part;
  }

  private static double correlation(float[] part, Drawn drawn) {
    double alike = 0;
    double mean = 0;
    double square = 0;
    for (int i = 0; i < part.length; i++) {
      double weighed = part[i] * drawn.weights[i];
      alike += weighed * drawn.eye[i];
      mean += weighed;
      square += weighed * part[i];
    }
    return alike / Math.sqrt(Math.max(1e-5, square - mean * mean));
  }

  private static List<Drawn> eyes() {
    List<Drawn> eyes = new ArrayList<>();
    for (double width : WIDTHS) {
      for (double opening : OPENINGS) {
        for (int i = 0; i < DIRECTIONS; i++) {
          eyes.add(drawn(width, opening, (i - DIRECTIONS / 2) * STEP));
        }
      }
    }
    return eyes;
  }

  private static Drawn drawn(double width, double opening, double direction) {
    int side = 2 * (HALF_WIDTH + 2 * FINE) + 1;
    Plane detail = Plane.of(side, side, (x, y) -> eye((x - side / 2) / width, (y - side / 2) / width, opening, direction))
        .blurred(1).detail(FINE);
    float[] eye = part(detail, side / 2, side / 2);
    float[] weights = weights(width);
    double mean = 0;
    double square = 0;
    for (int i = 0; i < eye.length; i++) {
      mean += weights[i] * eye[i];
      square += weights[i] * eye[i] * eye[i];
    }
    double deviation = Math.sqrt(square - mean * mean);
    for (int i = 0; i < eye.length; i++) {
      eye[i] = (float) ((eye[i] - mean) / deviation);
    }
    return new Drawn(eye, weights);
  }

  /** An oval somewhat larger than the eye, which leaves brows and the nose out. */
  private static float[] weights(double width) {
    float[] weights = new float[(2 * HALF_WIDTH + 1) * (2 * HALF_HEIGHT + 1)];
    double all = 0;
    for (int i = 0; i < weights.length; i++) {
      double x = (i % (2 * HALF_WIDTH + 1) - HALF_WIDTH) / width / 1.25;
      double y = ((i / (2 * HALF_WIDTH + 1) - HALF_HEIGHT) / width + 0.05) / 0.8;
      weights[i] = (float) Math.exp(-Math.pow(Math.hypot(x, y), 6));
      all += weights[i];
    }
    for (int i = 0; i < weights.length; i++) {
      weights[i] /= all;
    }
    return weights;
  }

  /** The white 1, iris and lashes dark, skin 0; lengths in halves of the eye's width. */
  private static double eye(double x, double y, double opening, double direction) {
    double t = Math.max(0, 1 - x * x);
    double upper = -opening * Math.sqrt(t) * (0.35 + 0.65 * Math.sqrt(t));
    double lower = 0.48 * opening * Math.sqrt(t) * (0.3 + 0.7 * t);
    if (y > upper && y < lower) {
      return Math.hypot(x - direction, y + 0.075) < IRIS ? -1 : 1;
    }
    return Math.abs(x) < 1.05 && y <= upper && y > upper - 0.12 ? -0.8 : 0;
  }
}
