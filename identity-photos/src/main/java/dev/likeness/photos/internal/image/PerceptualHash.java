package dev.likeness.photos.internal.image;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;

/**
 * A 63-bit perceptual hash: the signs of the lowest frequencies of the image reduced to 32 by 32
 * grey pixels (Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010,
 * 3.2.1). Saving again, resizing or brightening changes few bits; another photo changes about half.
 */
public record PerceptualHash(long bits) {
  private static final int SIDE = 32;
  private static final int LOW_FREQUENCIES = 8;
  private static final double[][] DCT_COSINES = dctCosines();

  /** Returns the hash of an image of any size. */
  public static PerceptualHash of(RgbImage image) {
    Luma small = Luma.of(Resampler.AREA.resize(image, SIDE, SIDE));
    long bits = 0;
    for (int v = 0; v < LOW_FREQUENCIES; v++) {
      for (int u = v == 0 ? 1 : 0; u < LOW_FREQUENCIES; u++) {
        bits = bits << 1 | (dctCoefficient(small, u, v) > 0 ? 1 : 0);
      }
    }
    return new PerceptualHash(bits);
  }

  /** Returns the share of differing bits, 0 to 1. */
  public double distance(PerceptualHash other) {
    return Long.bitCount(bits ^ other.bits) / (double) (LOW_FREQUENCIES * LOW_FREQUENCIES - 1);
  }

  private static double dctCoefficient(Luma luma, int u, int v) {
    double sum = 0;
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        sum += luma.at(x, y) * DCT_COSINES[u][x] * DCT_COSINES[v][y];
      }
    }
    return sum;
  }

  private static double[][] dctCosines() {
    double[][] table = new double[LOW_FREQUENCIES][SIDE];
    for (int u = 0; u < LOW_FREQUENCIES; u++) {
      for (int x = 0; x < SIDE; x++) {
        table[u][x] = Math.cos((2 * x + 1) * u * Math.PI / (2 * SIDE));
      }
    }
    return table;
  }
}
