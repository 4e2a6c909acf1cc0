package dev.likeness.headshots.score;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Whether what is worn in pairs matches: the rims of glasses, hoops at the ears. Lengths are those of the upright head. */
final class PairMeasure {
  /**
   * Superellipses about so far out from the middle and below the eyes, of these half widths, half heights and powers; both
   * of a pair lie as high but for the tilt that is left when a head was turned upright.
   */
  private record Kind(int out, int down, int reachX, int reachY, int tilt, double top, double plain, double[] widths,
      double[] heights, double[] powers) {}

  // Brows lie over the tops of rims, which are left out.
  private static final Kind RIMS = new Kind(26, 3, 3, 4, 2, -0.35, 0.25, new double[] {14, 16, 18, 20},
      new double[] {11, 13, 15, 17}, new double[] {0.55, 1});
  private static final Kind HOOPS = new Kind(63, 43, 12, 9, 18, -1, 0.7, new double[] {3, 4, 5, 6}, new double[] {8, 9},
      new double[] {1});
  private static final int THIN = 3;
  private static final int DOTS = 24;
  // A curve is as strong as all but the weakest third of its dots: a lid or the jaw follows parts of one.
  private static final double WEAK = 0.33;
  // In natural logarithms; on bare faces few curves stand out as much.
  private static final double LEAST = 0.13;

  private final Kind kind;
  private final Plane thin;

  private PairMeasure(Kind kind, View view) {
    this.kind = kind;
    Plane most = thin(view, 0).most(thin(view, 1)).most(thin(view, 2));
    this.thin = most.mapped(v -> Math.min(kind.plain, v));
  }

  /** How much weaker one rim is, 0 to 1; NaN when none is found. */
  static double glasses(View view) {
    return new PairMeasure(RIMS, view).mismatch();
  }

  /** How much weaker one hoop is, 0 to 1; NaN when none is found. */
  static double earrings(View view) {
    return new PairMeasure(HOOPS, view).mismatch();
  }

  private static Plane thin(View view, int channel) {
    return Plane.of(view.upright, channel).mapped(v -> Math.log(v + 12)).thin(THIN);
  }

  /** Of the one form at the one height that both sides together show best. */
  private double mismatch() {
    double[] best = new double[2];
    for (double width : kind.widths) {
      for (double height : kind.heights) {
        for (double power : kind.powers) {
          double[] pair = pair(curve(width, height, power));
          best = pair[0] + pair[1] > best[0] + best[1] ? pair : best;
        }
      }
    }
    double stronger = Math.max(best[0], best[1]);
    return stronger < LEAST ? Double.NaN : 1 - Math.min(best[0], best[1]) / stronger;
  }

  private double[] pair(int[][] curve) {
    double[] left = rows(curve, -1);
    double[] right = rows(curve, 1);
    double[] best = new double[2];
    for (int row = 0; row < left.length; row++) {
      for (int other = Math.max(0, row - kind.tilt); other <= Math.min(left.length - 1, row + kind.tilt); other++) {
        if (left[row] + right[other] > best[0] + best[1]) {
          best = new double[] {left[row], right[other]};
        }
      }
    }
    return best;
  }

  /** How strong the curve is on one side at each height where it is best. */
  private double[] rows(int[][] curve, int side) {
    double[] rows = new double[2 * kind.reachY + 1];
    float[] values = new float[curve.length];
    for (int dy = 0; dy < rows.length; dy++) {
      int y = View.EYE_ROW + kind.down - kind.reachY + dy;
      for (int dx = -kind.reachX; dx <= kind.reachX; dx++) {
        for (int i = 0; i < values.length; i++) {
          values[i] = thin.at(View.SIDE / 2 + side * (kind.out + curve[i][0]) + dx, y + curve[i][1]);
        }
        Arrays.sort(values);
        rows[dy] = Math.max(rows[dy], values[(int) (WEAK * values.length)]);
      }
    }
    return rows;
  }

  private int[][] curve(double width, double height, double power) {
    return IntStream.range(0, DOTS).mapToObj(i -> {
      double angle = 2 * Math.PI * i / DOTS;
      return new int[] {bent(Math.cos(angle), power, width), bent(Math.sin(angle), power, height)};
    }).filter(dot -> dot[1] >= kind.top * height).toArray(int[][]::new);
  }

  private static int bent(double v, double power, double length) {
    return (int) Math.round(Math.signum(v) * Math.pow(Math.abs(v), power) * length);
  }
}
