package dev.likeness.photos.internal.image;

import dev.likeness.diffusion.image.RgbImage;

/**
 * A 63-bit perceptual hash: the signs of the lowest frequencies of a 32 by 32 grey reduction, after
 * Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010), 3.2.1.
 * Saving again, resizing or brightening flips few bits; another photo flips about half.
 */
public record PerceptualHash(long bits) {
  private static final int SIDE = 32;
  private static final int LOW = 8;
  private static final double[][] COSINE = cosine();

  /** The fingerprint of an image of any size. */
  public static PerceptualHash of(RgbImage image) {
    Luma small = Luma.of(Resampler.AREA.resize(image, SIDE, SIDE));
    long bits = 0;
    for (int v = 0; v < LOW; v++) {
      for (int u = v == 0 ? 1 : 0; u < LOW; u++) {
        bits = bits << 1 | (coefficient(small, u, v) > 0 ? 1 : 0);
      }
    }
    return new PerceptualHash(bits);
  }

  /** The share of differing bits, 0 to 1. */
  public double distance(PerceptualHash other) {
    return Long.bitCount(bits ^ other.bits) / (double) (LOW * LOW - 1);
  }

  private static double coefficient(Luma luma, int u, int v) {
    double sum = 0;
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        sum += luma.at(x, y) * COSINE[u][x] * COSINE[v][y];
      }
    }
    return sum;
  }

  private static double[][] cosine() {
    double[][] table = new double[LOW][SIDE];
    for (int u = 0; u < LOW; u++) {
      for (int x = 0; x < SIDE; x++) {
        table[u][x] = Math.cos((2 * x + 1) * u * Math.PI / (2 * SIDE));
      }
    }
    return table;
  }
}
