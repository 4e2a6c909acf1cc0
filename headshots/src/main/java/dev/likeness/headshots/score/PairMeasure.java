package dev.likeness.headshots.score;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Whether what is worn in pairs matches: the rims of glasses, hoops at the ears. Lengths are those of the upright head. */
final class PairMeasure {
  /**
   * Superellipses about so far out from the middle and below the eyes, of these half widths, half heights and powers,
   * rather near that place than {@code spread} away. Rims are of one form and as high but for the tilt that is left when a
   * head was turned upright; of hoops a turned head shows one narrower, and higher or lower.
   */
  private record Kind(int out, int down, int reachX, int reachY, double spread, double top, double weak,
      double[] widths, double[] heights, double[] powers) {}

  /** A place on a curve, from its middle, and the direction across the curve there. */
  private record Dot(int x, int y, int direction) {}

  // Brows lie over the tops of rims and lashes near, which are left out.
  private static final Kind RIMS = new Kind(26, 3, 3, 4, 99, 0.1, 0.45, new double[] {14, 16, 18, 20},
      new double[] {11, 13, 15, 17}, new double[] {0.55, 1});
  private static final Kind HOOPS = new Kind(59, 44, 14, 10, 12, -1, 0.33, new double[] {2, 3, 4, 5},
      new double[] {7, 8, 9}, new double[] {1});
  private static final int TILT = 2;
  private static final int DOTS = 28;
  // On bare faces few curves stand out as much.
  private static final double LEAST = 0.3;

  private final Kind kind;
  private final Ridges ridges;

  private PairMeasure(Kind kind, View view) {
    this.kind = kind;
    int reach = kind.reachY + (int) kind.heights[kind.heights.length - 1];
    this.ridges = new Ridges(view.upright, View.EYE_ROW + kind.down - reach, 2 * reach + 1);
  }

  /** How much weaker one rim is, 0 to 1; NaN when none is found. */
  static double glasses(View view) {
    PairMeasure measure = new PairMeasure(RIMS, view);
    double[] best = new double[2];
    for (List<Dot> curve : measure.curves()) {
      double[] pair = level(measure.rows(curve, -1), measure.rows(curve, 1));
      best = pair[0] + pair[1] > best[0] + best[1] ? pair : best;
    }
    return mismatch(best[0], best[1]);
  }

  /** How much weaker one hoop is, 0 to 1; NaN when none is found. */
  static double earrings(View view) {
    PairMeasure measure = new PairMeasure(HOOPS, view);
    return mismatch(measure.strongest(-1), measure.strongest(1));
  }

  private static double mismatch(double left, double right) {
    double stronger = Math.max(left, right);
    return stronger < LEAST ? Double.NaN : 1 - Math.min(left, right) / stronger;
  }

  private double strongest(int side) {
    return curves().stream().flatMapToDouble(curve -> Arrays.stream(rows(curve, side))).max().orElseThrow();
  }

  private static double[] level(double[] left, double[] right) {
    double[] best = new double[2];
    for (int row = 0; row < left.length; row++) {
      for (int other = Math.max(0, row - TILT); other <= Math.min(left.length - 1, row + TILT); other++) {
        if (left[row] + right[other] > best[0] + best[1]) {
          best = new double[] {left[row], right[other]};
        }
      }
    }
    return best;
  }

  /** How strong the curve is on one side at each height where it is best. */
  private double[] rows(List<Dot> curve, int side) {
    double[] rows = new double[2 * kind.reachY + 1];
    for (int i = 0; i < rows.length; i++) {
      for (int dx = -kind.reachX; dx <= kind.reachX; dx++) {
        int dy = i - kind.reachY;
        double near = Math.exp(-(dx * dx + dy * dy) / (2 * kind.spread * kind.spread));
        for (int line = 0; line < Ridges.KINDS; line++) {
          rows[i] = Math.max(rows[i], near * strength(curve, side, dx, dy, line));
        }
      }
    }
    return rows;
  }

  /**
   * As one kind of line all along, which lids, beards and strands of hair are not; all but the weakest dots, since such
   * follow parts of a curve.
   */
  private double strength(List<Dot> curve, int side, int dx, int dy, int line) {
    float[] values = new float[curve.size()];
    for (int i = 0; i < values.length; i++) {
      Dot dot = curve.get(i);
      values[i] = ridges.at(line, Math.floorMod(side * dot.direction, Ridges.DIRECTIONS),
          View.SIDE / 2 + side * (kind.out + dx + dot.x), View.EYE_ROW + kind.down + dy + dot.y);
    }
    Arrays.sort(values);
    return values[(int) (kind.weak * values.length)];
  }

  private List<List<Dot>> curves() {
    List<List<Dot>> curves = new ArrayList<>();
    for (double width : kind.widths) {
      for (double height : kind.heights) {
        for (double power : kind.powers) {
          curves.add(curve(width, height, power));
        }
      }
    }
    return curves;
  }

  private List<Dot> curve(double width, double height, double power) {
    List<Dot> curve = new ArrayList<>();
    for (int i = 0; i < DOTS; i++) {
      double x = bent(Math.cos(2 * Math.PI * i / DOTS), power);
      double y = bent(Math.sin(2 * Math.PI * i / DOTS), power);
      // The gradient of |x|^(2 / power) + |y|^(2 / power) points across.
      double across = Math.atan2(bent(y, 2 / power - 1) / height, bent(x, 2 / power - 1) / width);
      if (y >= kind.top) {
        curve.add(new Dot((int) Math.round(width * x), (int) Math.round(height * y),
            Math.floorMod(Math.round(across / Math.PI * Ridges.DIRECTIONS), Ridges.DIRECTIONS)));
      }
    }
    return curve;
  }

  private static double bent(double v, double power) {
    return Math.signum(v) * Math.pow(Math.abs(v), power);
  }
}
