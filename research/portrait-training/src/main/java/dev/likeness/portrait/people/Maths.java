package dev.likeness.portrait.people;

/** The small functions that shapes and paints are made of; all of them pure. */
final class Maths {
  private Maths() {}

  static float clamp(float x, float low, float high) {
    return x < low ? low : Math.min(x, high);
  }

  static float mix(float a, float b, float t) {
    return a + (b - a) * t;
  }

  /** 0 up to {@code a}, 1 from {@code b}, smooth between; {@code a > b} falls instead. */
  static float smooth(float a, float b, float x) {
    float t = clamp((x - a) / (b - a), 0, 1);
    return t * t * (3 - 2 * t);
  }

  /** Close to exp(-q/2) with q the squared distance in widths, but zero from q = 6. */
  static float bell(float q) {
    if (q >= 6) {
      return 0;
    }
    float t = 1 - q / 6;
    return t * t * t;
  }

  /** {@link #bell} around the origin with widths {@code sx} and {@code sy}. */
  static float bell(float dx, float dy, float sx, float sy) {
    float a = dx / sx;
    float b = dy / sy;
    return bell(a * a + b * b);
  }

  /**
   * {@link #bell} around ({@code c}, 0) and its mirror image, so that nothing creases at the middle
   * line.
   */
  static float twin(float ax, float c, float dy, float sx, float sy) {
    return bell(ax - c, dy, sx, sy) + bell(ax + c, dy, sx, sy);
  }

  static int hash(int x, int y, int z) {
    int h = x * 0x27d4eb2d + y * 0x165667b1 + z * 0x9e3779b1;
    h = (h ^ h >>> 15) * 0x2c1b3c6d;
    h = (h ^ h >>> 12) * 0x297a2d39;
    return h ^ h >>> 15;
  }

  /** A number of 0 to 1 for a lattice point. */
  static float lattice(int x, int y, int z) {
    return (hash(x, y, z) >>> 8) * 0x1p-24f;
  }

  /** Value noise, 0 to 1, with cells of size 1. */
  static float noise(float x, float y, int seed) {
    int ix = (int) Math.floor(x);
    int iy = (int) Math.floor(y);
    float fx = x - ix;
    float fy = y - iy;
    fx = fx * fx * (3 - 2 * fx);
    fy = fy * fy * (3 - 2 * fy);
    float top = mix(lattice(ix, iy, seed), lattice(ix + 1, iy, seed), fx);
    float bottom = mix(lattice(ix, iy + 1, seed), lattice(ix + 1, iy + 1, seed), fx);
    return mix(top, bottom, fy);
  }

  /**
   * Round spots, of many sizes, at most one in each cell of size 1: 1 within one, 0 between them.
   */
  static float dots(float x, float y, int seed) {
    int ix = (int) Math.floor(x);
    int iy = (int) Math.floor(y);
    float size = .42f * lattice(ix, iy, seed) - .04f;
    if (size < .1f) {
      return 0;
    }
    float dx = x - ix - mix(size, 1 - size, lattice(ix, iy, seed + 1));
    float dy = y - iy - mix(size, 1 - size, lattice(ix, iy, seed + 2));
    return smooth(1, .5f, (dx * dx + dy * dy) / (size * size));
  }

  /** Three octaves of {@link #noise}, 0 to 1. */
  static float cloud(float x, float y, int seed) {
    return (noise(x, y, seed) * 4
            + noise(x * 2.1f, y * 2.1f, seed + 1) * 2
            + noise(x * 4.3f, y * 4.3f, seed + 2))
        / 7;
  }

  /** Catmull-Rom through the points ({@code xs} ascending, {@code ys}); constant outside. */
  static float curve(float x, float[] xs, float[] ys) {
    int n = xs.length;
    if (x <= xs[0]) {
      return ys[0];
    }
    if (x >= xs[n - 1]) {
      return ys[n - 1];
    }
    int i = 0;
    while (x > xs[i + 1]) {
      i++;
    }
    float h = xs[i + 1] - xs[i];
    float t = (x - xs[i]) / h;
    float before = i == 0 ? (ys[1] - ys[0]) : (ys[i + 1] - ys[i - 1]) * h / (xs[i + 1] - xs[i - 1]);
    float after = i + 2 == n ? (ys[i + 1] - ys[i]) : (ys[i + 2] - ys[i]) * h / (xs[i + 2] - xs[i]);
    float d = ys[i + 1] - ys[i];
    return ys[i] + t * (before + t * ((3 * d - 2 * before - after) + t * (before + after - 2 * d)));
  }
}
