package dev.likeness.headshots.internal.score;

import java.util.Arrays;

/** Measures of the surroundings of the face: halo around the hair, seams, text. */
public final class SceneMeasures {
  private static final int RAYS = 61;
  // The width of a halo in pixels.
  private static final int RIM = 4;

  private SceneMeasures() {}

  /**
   * The contrast of a halo. On rays up and outwards from the face, a thin line is compared with
   * both its sides; the result is the median over the rays.
   */
  public static double hairEdges(FaceView view) {
    double cx = view.sceneFace.center().x();
    double cy = view.sceneFace.center().y();
    double unit = view.sceneFace.width();
    double[] lines = new double[RAYS];
    for (int ray = 0; ray < RAYS; ray++) {
      double angle = Math.PI * (0.95 + 1.1 * ray / (RAYS - 1));
      for (int r = (int) (0.5 * unit); r < 1.75 * unit; r++) {
        double line = mean(view, cx, cy, angle, r - 1, r + 2);
        double inside = mean(view, cx, cy, angle, r - RIM - 1, r - RIM + 1);
        double beyond = mean(view, cx, cy, angle, r + RIM, r + RIM + 2);
        double light = Math.min(line - inside, line - beyond);
        double dark = Math.min(inside - line, beyond - line);
        lines[ray] = Math.max(lines[ray], Math.max(light, dark));
      }
    }
    Arrays.sort(lines);
    // A halo crosses nearly all rays that do not leave the image first; strands cross only some.
    return lines[RAYS / 2];
  }

  private static double mean(FaceView view, double cx, double cy, double angle, int from, int to) {
    double sum = 0;
    for (int r = from; r < to; r++) {
      sum += at(view, cx, cy, angle, r);
    }
    return sum / (to - from);
  }

  private static double at(FaceView view, double cx, double cy, double angle, int radius) {
    return view.scene.at((int) Math.round(cx + radius * Math.cos(angle)), (int)
        Math.round(cy + radius * Math.sin(angle)));
  }

  /**
   * The strongest step between neighbouring columns or rows that occurs along most of their length.
   */
  public static double seamStrength(FaceView view) {
    return Math.max(seamStrength(view.whole, true), seamStrength(view.whole, false));
  }

  private static double seamStrength(Plane p, boolean columns) {
    int lines = columns ? p.width : p.height;
    int along = columns ? p.height : p.width;
    double most = 0;
    float[] steps = new float[along];
    for (int i = 3; i < lines - 2; i++) {
      for (int j = 0; j < along; j++) {
        // The step minus the slope on both sides of it.
        float here = columns ? p.at(i, j) - p.at(i - 1, j) : p.at(j, i) - p.at(j, i - 1);
        float slope = columns
            ? p.at(i - 1, j) - p.at(i - 3, j) + p.at(i + 2, j) - p.at(i, j)
            : p.at(j, i - 1) - p.at(j, i - 3) + p.at(j, i + 2) - p.at(j, i);
        steps[j] = here - slope / 4;
      }
      Arrays.sort(steps);
      // The step that nearly two thirds of the line reach in one direction.
      most = Math.max(most, Math.max(steps[along * 7 / 20], -steps[along * 13 / 20]));
    }
    return most;
  }

  /**
   * The contrast of the most text-like line: many changes between light and dark along it, few
   * above and below.
   */
  public static double text(FaceView view) {
    Plane p = view.scene;
    int wide = p.width / 3;
    double most = 0;
    double[] energy = new double[p.height];
    for (int x = 0; x + wide <= p.width; x += Math.max(1, wide / 4)) {
      for (int y = 0; y < p.height; y++) {
        energy[y] = alternation(p, x, y, wide);
      }
      for (int high : new int[] {
        Math.max(1, p.height / 28), Math.max(1, p.height / 18), Math.max(1, p.height / 12)
      }) {
        for (int y = high; y + 2 * high < p.height; y++) {
          double line = sum(energy, y, high);
          double around = Math.max(
                  sum(energy, y - high * 4 / 5, high / 2),
                  sum(energy, y + high * 13 / 10, high / 2))
              * 2;
          most = Math.max(most, (line - around) / high);
        }
      }
    }
    return most;
  }

  private static double sum(double[] energy, int from, int n) {
    double sum = 0;
    for (int i = Math.max(0, from); i < Math.min(energy.length, from + n); i++) {
      sum += energy[i];
    }
    return sum;
  }

  /**
   * The sum over neighbouring changes of brightness along a row, the smaller of each two, bounded,
   * divided by the row's length.
   */
  private static double alternation(Plane p, int x, int y, int wide) {
    double sum = 0;
    float low = p.at(x, y);
    float high = low;
    double before = 0;
    boolean rising = true;
    for (int i = x + 1; i < x + wide; i++) {
      float v = p.at(i, y);
      if (rising ? v >= high : v <= low) {
        high = rising ? v : high;
        low = rising ? low : v;
      } else {
        double swing = Math.min(40, high - low);
        sum += swing > 4 && before > 4 ? Math.min(swing, before) : 0;
        before = swing;
        rising = !rising;
        low = rising ? low : v;
        high = rising ? v : high;
      }
    }
    return sum / wide;
  }
}
