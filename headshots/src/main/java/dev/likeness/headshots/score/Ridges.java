package dev.likeness.headshots.score;

import dev.likeness.diffusion.image.Picture;

/**
 * The thin lines in some rows of a picture, by the direction across them and by kind: lighter or darker than both their
 * sides in one of the colours. 0 where there is none, near 1 where one stands out well. Immutable.
 */
final class Ridges {
  /** How many directions half a turn has. */
  static final int DIRECTIONS = 8;
  /** Lighter and darker in each of three colours. */
  static final int KINDS = 6;
  // Sides are looked at so many pixels from the line.
  private static final int SIDES = 3;
  // In natural logarithms: what differs by this from its sides counts half.
  private static final double FAINT = 0.12;

  private final int top;
  private final Plane[] planes = new Plane[KINDS * DIRECTIONS];

  Ridges(Picture picture, int top, int rows) {
    this.top = top;
    for (int kind = 0; kind < KINDS; kind++) {
      int sign = kind % 2 == 0 ? 1 : -1;
      Plane light = Plane.of(picture, kind / 2).mapped(v -> sign * Math.log(v + 12));
      for (int i = 0; i < DIRECTIONS; i++) {
        double angle = Math.PI * i / DIRECTIONS;
        planes[kind * DIRECTIONS + i] = Plane.of(light.width, rows, (x, y) -> ridge(light, x, top + y, angle));
      }
    }
  }

  private static double ridge(Plane light, int x, int y, double angle) {
    double dx = SIDES * Math.cos(angle);
    double dy = SIDES * Math.sin(angle);
    double over = light.at(x, y) - Math.max(light.between(x + dx, y + dy), light.between(x - dx, y - dy));
    return over > 0 ? over / (over + FAINT) : 0;
  }

  /** How well a line of a kind stands out at a place of the picture. */
  float at(int kind, int direction, int x, int y) {
    return planes[kind * DIRECTIONS + direction].at(x, y - top);
  }
}
