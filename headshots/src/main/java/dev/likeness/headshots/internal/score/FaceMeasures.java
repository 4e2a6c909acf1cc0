package dev.likeness.headshots.internal.score;

import dev.likeness.photos.face.Face;

/**
 * Measures of the parts of a face on the upright head: their places, and how well both sides match.
 */
public final class FaceMeasures {
  private static final int MIDDLE = FaceView.SIDE / 2;
  private static final int MOUTH_ROW = 158;
  private static final double REFERENCE_RATIO = 0.86;
  private static final int COLUMNS = 7;
  private static final int ROWS = 5;
  private static final int CELL = 5;
  // Detected eyes are off by a few pixels.
  private static final int REACH = 4;
  // Grey levels added to both eyes. One eye may be in shade, where ratios are large but not
  // visible.
  private static final double SHADE = 70;

  private FaceMeasures() {}

  /**
   * The deviation of the ratio of eye distance to eye-mouth distance from its usual value, as a
   * logarithm; NaN without landmarks.
   */
  public static double proportions(FaceView view) {
    if (view.face.landmarks().isEmpty()) {
      return Double.NaN;
    }
    Face.Landmarks five = view.face.landmarks().orElseThrow();
    double down = five.leftEye()
        .midpoint(five.rightEye())
        .distance(five.leftMouth().midpoint(five.rightMouth()));
    return Math.abs(Math.log(five.leftEye().distance(five.rightEye()) / down / REFERENCE_RATIO));
  }

  /**
   * The row of the line between the lips: the darkest row compared with the rows above and below
   * it.
   */
  static int mouthRow(FaceView view) {
    int best = MOUTH_ROW;
    double most = Double.NEGATIVE_INFINITY;
    for (int row = 128; row < 206; row++) {
      double dark =
          rowGradient(view, row - 9) + rowGradient(view, row + 9) - 2 * rowGradient(view, row);
      // A prior for the usual row, against nostrils and chin.
      double far =
          Math.log((row - FaceView.EYE_ROW) / (double) (MOUTH_ROW - FaceView.EYE_ROW)) / 0.45;
      double weighed = dark * Math.exp(-far * far / 2);
      if (weighed > most) {
        most = weighed;
        best = row;
      }
    }
    return best;
  }

  private static double rowGradient(FaceView view, int row) {
    double sum = 0;
    for (int y = row - 1; y <= row + 1; y++) {
      for (int x = MIDDLE - 16; x < MIDDLE + 16; x++) {
        sum += view.head.at(x, y);
      }
    }
    return sum / 96;
  }

  /**
   * How badly the two halves of the face join: the gain in correlation of neighbouring columns near
   * the middle if one of them is shifted up or down.
   */
  public static double symmetry(FaceView view) {
    int s = view.patch.side();
    int top = (int) (0.15 * s);
    int high = (int) (0.75 * s);
    double worst = 0;
    for (int x = (int) (0.28 * s); x < 0.72 * s; x++) {
      double joined = view.skin.correlation(x - 2, top, 2, high, x, top);
      for (int shift = 2; shift < 0.2 * s; shift++) {
        double above = view.skin.correlation(x - 2, top, 2, high, x, top - shift);
        double below = view.skin.correlation(x - 2, top, 2, high, x, top + shift);
        worst = Math.max(worst, Math.max(above, below) - joined);
      }
    }
    return worst;
  }

  /** The smallest difference between the eyes over small shifts; 1 if no eyes were found. */
  public static double eyes(FaceView view) {
    if (view.face.eyes().isEmpty()) {
      return 1;
    }
    double least = Double.POSITIVE_INFINITY;
    for (int dy = -REACH; dy <= REACH; dy++) {
      for (int dx = -REACH; dx <= REACH; dx++) {
        least = Math.min(least, difference(view.head, dx, dy));
      }
    }
    return least;
  }

  /**
   * The difference between one eye and the other, mirrored: the root mean square of logarithmic
   * brightness ratios of their cells. A linear slope, which light causes, is subtracted.
   */
  private static double difference(Plane head, int dx, int dy) {
    int half = FaceView.EYE_DISTANCE / 2;
    double[] ratio = new double[COLUMNS * ROWS];
    double mean = 0;
    double[] slope = new double[2];
    double[] spread = new double[2];
    for (int i = 0; i < ratio.length; i++) {
      int across = i % COLUMNS - COLUMNS / 2;
      int down = i / COLUMNS - ROWS / 2;
      int y = FaceView.EYE_ROW + down * CELL;
      ratio[i] = Math.log((cell(head, MIDDLE - half + across * CELL, y) + SHADE)
          / (cell(head, MIDDLE + half - across * CELL + dx, y + dy) + SHADE));
      mean += ratio[i] / ratio.length;
      slope[0] += ratio[i] * across;
      slope[1] += ratio[i] * down;
      spread[0] += across * across;
      spread[1] += down * down;
    }
    double square = 0;
    for (int i = 0; i < ratio.length; i++) {
      double even = mean
          + slope[0] / spread[0] * (i % COLUMNS - COLUMNS / 2)
          + slope[1] / spread[1] * (i / COLUMNS - ROWS / 2);
      square += (ratio[i] - even) * (ratio[i] - even) / ratio.length;
    }
    return Math.sqrt(square);
  }

  private static double cell(Plane head, int x, int y) {
    double sum = 0;
    for (int i = 0; i < CELL * CELL; i++) {
      sum += head.at(x - CELL / 2 + i % CELL, y - CELL / 2 + i / CELL);
    }
    return sum / (CELL * CELL);
  }

  /** The ratio of the horizontal to the vertical gradient around the line between the lips. */
  public static double mouth(FaceView view) {
    int row = mouthRow(view);
    return view.head.gradient(MIDDLE - 20, row - 8, 40, 16, true)
        / (0.3 + view.head.gradient(MIDDLE - 20, row - 8, 40, 16, false));
  }

  /** Detects an ear, or another part of the side of the head, that appears twice. */
  public static final class EarMeasure {
    private static final int WIDTH = 14;
    private static final int HEIGHT = 44;
    // Below this standard deviation, in natural logarithms, a strip is a plain wall.
    private static final double MIN_DEVIATION = 0.03;

    private EarMeasure() {}

    /**
     * The best correlation of a strip near the head's outline with a strip further out, over both
     * sides.
     */
    public static double repetition(FaceView view) {
      Plane detail = view.head.map(v -> Math.log(v + 6)).blurred(1).detail(5);
      double best = 0;
      for (int y = 86; y <= 98; y += 6) {
        for (int x = 30; x <= 66; x += 2) {
          for (int out = 11; out <= 20; out++) {
            best = Math.max(
                best,
                Math.max(
                    repetitionAt(detail, x, y, -out),
                    repetitionAt(detail, FaceView.SIDE - x - WIDTH, y, out)));
          }
        }
      }
      return best;
    }

    /**
     * The correlation of two strips, minus half of the correlation with the next strip, because
     * shelves, bricks and hair repeat more than once.
     */
    private static double repetitionAt(Plane p, int x, int y, int out) {
      double alike = p.correlation(x, y, WIDTH, HEIGHT, x + out, y);
      double plain =
          Math.min(p.deviation(x, y, WIDTH, HEIGHT), p.deviation(x + out, y, WIDTH, HEIGHT))
              / MIN_DEVIATION;
      double again = p.correlation(x, y, WIDTH, HEIGHT, x + 2 * out, y);
      return alike * Math.min(1, plain) - Math.max(0, again) / 2;
    }
  }
}
