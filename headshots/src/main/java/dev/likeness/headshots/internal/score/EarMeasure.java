package dev.likeness.headshots.internal.score;

/** Whether an ear, or another part of the side of the head, is there twice. */
public final class EarMeasure {
  private static final int WIDTH = 14;
  private static final int HEIGHT = 44;
  // What varies less than this, in natural logarithms, is a plain wall.
  private static final double PLAIN = 0.03;

  private EarMeasure() {}

  /** The best match of a strip near the head's outline with one further out, over both sides. */
  public static double doubled(FaceView view) {
    Plane detail = view.head.mapped(v -> Math.log(v + 6)).blurred(1).detail(5);
    double best = 0;
    for (int y = 86; y <= 98; y += 6) {
      for (int x = 30; x <= 66; x += 2) {
        for (int out = 11; out <= 20; out++) {
          best = Math.max(
              best,
              Math.max(
                  repeated(detail, x, y, -out),
                  repeated(detail, FaceView.SIDE - x - WIDTH, y, out)));
        }
      }
    }
    return best;
  }

  /**
   * How alike two strips are, less half of how alike the next one is: shelves, bricks and hair go
   * on and on.
   */
  private static double repeated(Plane p, int x, int y, int out) {
    double alike = p.correlation(x, y, WIDTH, HEIGHT, x + out, y);
    double plain =
        Math.min(p.deviation(x, y, WIDTH, HEIGHT), p.deviation(x + out, y, WIDTH, HEIGHT)) / PLAIN;
    double again = p.correlation(x, y, WIDTH, HEIGHT, x + 2 * out, y);
    return alike * Math.min(1, plain) - Math.max(0, again) / 2;
  }
}
