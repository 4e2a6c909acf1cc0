package dev.likeness.portrait.people;

/** Box blur and doubling of square images of three floats a pixel. */
final class Blur {
  private Blur() {}

  /** Averages over {@code 2 * radius + 1} pixels across and down, in place. */
  static void box(float[] rgb, int size, int radius) {
    if (radius < 1) {
      return;
    }
    float[] line = new float[size];
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < size; i++) {
        pass(rgb, i * size * 3 + c, 3, size, radius, line);
      }
      for (int i = 0; i < size; i++) {
        pass(rgb, i * 3 + c, size * 3, size, radius, line);
      }
    }
  }

  /**
   * Weighs each pixel's neighbours {@code side} and itself {@code 1 - 2 side}, across and down, in
   * place.
   */
  static void threeTap(float[] rgb, int size, float side) {
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < size; i++) {
        threeTap(rgb, i * size * 3 + c, 3, size, side);
      }
      for (int i = 0; i < size; i++) {
        threeTap(rgb, i * 3 + c, size * 3, size, side);
      }
    }
  }

  private static void threeTap(float[] a, int start, int step, int n, float side) {
    float before = a[start];
    for (int i = 0; i < n; i++) {
      float here = a[start + i * step];
      float after = a[start + clampIndex(i + 1, n) * step];
      a[start + i * step] = here + side * (before - 2 * here + after);
      before = here;
    }
  }

  private static void pass(float[] a, int start, int step, int n, int radius, float[] line) {
    float sum = 0;
    for (int i = -radius; i <= radius; i++) {
      sum += a[start + clampIndex(i, n) * step];
    }
    for (int i = 0; i < n; i++) {
      line[i] = sum / (2 * radius + 1);
      sum += a[start + clampIndex(i + radius + 1, n) * step]
          - a[start + clampIndex(i - radius, n) * step];
    }
    for (int i = 0; i < n; i++) {
      a[start + i * step] = line[i];
    }
  }

  private static int clampIndex(int i, int n) {
    return i < 0 ? 0 : Math.min(i, n - 1);
  }

  /** The image at twice the size, bilinear. */
  static float[] twice(float[] rgb, int size) {
    int full = size * 2;
    float[] out = new float[full * full * 3];
    for (int y = 0; y < full; y++) {
      int y0 = clampIndex((y - 1) / 2, size);
      int y1 = clampIndex(y0 + 1, size);
      float fy = (y & 1) == 0 ? .75f : .25f;
      for (int x = 0; x < full; x++) {
        int x0 = clampIndex((x - 1) / 2, size);
        int x1 = clampIndex(x0 + 1, size);
        float fx = (x & 1) == 0 ? .75f : .25f;
        for (int c = 0; c < 3; c++) {
          float top = Maths.mix(rgb[(y0 * size + x0) * 3 + c], rgb[(y0 * size + x1) * 3 + c], fx);
          float bottom =
              Maths.mix(rgb[(y1 * size + x0) * 3 + c], rgb[(y1 * size + x1) * 3 + c], fx);
          out[(y * full + x) * 3 + c] = Maths.mix(top, bottom, fy);
        }
      }
    }
    return out;
  }
}
