package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;

/**
 * What flaws do with pixels: places between them, broad light, blur. Places outside repeat the
 * edge.
 */
final class Filter {
  private Filter() {}

  static double light(RgbImage p, int x, int y) {
    int cx = Math.max(0, Math.min(p.width() - 1, x));
    int cy = Math.max(0, Math.min(p.height() - 1, y));
    return 4 + 0.299 * p.at(cx, cy, 0) + 0.587 * p.at(cx, cy, 1) + 0.114 * p.at(cx, cy, 2);
  }

  static double bilinear(RgbImage p, double x, double y, int c) {
    int x0 = (int) Math.floor(x);
    int y0 = (int) Math.floor(y);
    double u = x - x0;
    double v = y - y0;
    return (1 - v) * ((1 - u) * sample(p, x0, y0, c) + u * sample(p, x0 + 1, y0, c))
        + v * ((1 - u) * sample(p, x0, y0 + 1, c) + u * sample(p, x0 + 1, y0 + 1, c));
  }

  private static int sample(RgbImage p, int x, int y, int c) {
    return p.at(
        Math.max(0, Math.min(p.width() - 1, x)), Math.max(0, Math.min(p.height() - 1, y)), c);
  }

  static RgbImage gauss(RgbImage p, double sigma) {
    return pass(pass(p, sigma, 1, 0), sigma, 0, 1);
  }

  private static RgbImage pass(RgbImage p, double sigma, int dx, int dy) {
    int reach = (int) Math.ceil(3 * sigma);
    double[] weights = new double[2 * reach + 1];
    double sum = 0;
    for (int k = -reach; k <= reach; k++) {
      weights[k + reach] = Math.exp(-k * k / (2 * sigma * sigma));
      sum += weights[k + reach];
    }
    int w = p.width();
    int h = p.height();
    byte[] in = p.rgb();
    byte[] out = new byte[in.length];
    for (int i = 0; i < out.length; i++) {
      int x = i / 3 % w;
      int y = i / 3 / w;
      double value = 0;
      for (int k = -reach; k <= reach; k++) {
        int from =
            Math.max(0, Math.min(h - 1, y + k * dy)) * w + Math.max(0, Math.min(w - 1, x + k * dx));
        value += weights[k + reach] * (in[from * 3 + i % 3] & 255);
      }
      out[i] = (byte) Math.round(value / sum);
    }
    return RgbImage.of(w, h, out);
  }
}
