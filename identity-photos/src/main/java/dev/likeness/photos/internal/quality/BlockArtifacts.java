package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.image.Luma;
import java.util.Arrays;
import org.apache.commons.math3.complex.Complex;
import org.apache.commons.math3.transform.DftNormalization;
import org.apache.commons.math3.transform.FastFourierTransformer;
import org.apache.commons.math3.transform.TransformType;

/**
 * Finds traces of an earlier, strong JPEG compression: steps at the borders of square blocks. They
 * have equal distances and therefore form a peak in the spectrum of the differences between
 * neighbours (after Wang, Bovik and Evans, "Blind measurement of blocking artifacts in images",
 * ICIP 2000). The distance is searched, because a screenshot shows the image and its blocks at
 * another size.
 */
final class BlockArtifacts {
  private static final double MIN_PERIOD = 5.5;
  private static final double MAX_PERIOD = 20;
  // From this period upwards, the image is enlarged so much that a step is two pixels wide.
  private static final double SECOND_LAG_PERIOD = 11.5;
  private static final int HARMONICS = 3;
  private static final double MAX_FREQUENCY = 0.45;
  // Limits the weight of an edge of the scene to that of a block border.
  private static final int CLIP = 8;
  private static final int MAX_LINES = 700;

  private BlockArtifacts() {}

  /**
   * Returns the mean height of the steps, in grey levels, at the distance where it is largest.
   * Returns 0 if a side has fewer than ten blocks of the largest size.
   */
  static double strength(RgbImage image) {
    Luma luma = Luma.of(image);
    int length = Math.max(luma.width(), luma.height());
    if (Math.min(luma.width(), luma.height()) < 10 * MAX_PERIOD) {
      return 0;
    }
    int bins = 8 * Integer.highestOneBit(length);
    return Math.max(
        maxStrength(luma, bins, 1, MIN_PERIOD, SECOND_LAG_PERIOD),
        maxStrength(luma, bins, 2, SECOND_LAG_PERIOD, MAX_PERIOD));
  }

  // A grid of blocks has the same period in both directions. Stripes and blinds do not.
  private static double maxStrength(Luma luma, int bins, int lag, double least, double most) {
    double[] across = spectrum(gradientProfile(luma, lag, true), bins);
    double[] down = spectrum(gradientProfile(luma, lag, false), bins);
    double highest = 0;
    for (int bin = (int) Math.ceil(bins / most); bin <= bins / least; bin++) {
      highest = Math.max(
          highest,
          Math.min(harmonicStrength(across, bin, bins), harmonicStrength(down, bin, bins)));
    }
    return highest;
  }

  // Returns how much neighbours differ more at each place than beside it, averaged along the lines.
  private static double[] gradientProfile(Luma luma, int lag, boolean across) {
    int length = across ? luma.width() : luma.height();
    int lines = across ? luma.height() : luma.width();
    double[] sum = new double[length - 3 * lag];
    int[] line = new int[length];
    int every = (lines + MAX_LINES - 1) / MAX_LINES;
    for (int k = 0; k < lines; k += every) {
      for (int i = 0; i < length; i++) {
        line[i] = across ? luma.at(i, k) : luma.at(k, i);
      }
      for (int i = 0; i < sum.length; i++) {
        int before = Math.abs(line[i + lag] - line[i]);
        int here = Math.abs(line[i + 2 * lag] - line[i + lag]);
        int after = Math.abs(line[i + 3 * lag] - line[i + 2 * lag]);
        sum[i] += Math.max(-CLIP, Math.min(CLIP, here - (before + after) / 2.0));
      }
    }
    for (int i = 0; i < sum.length; i++) {
      sum[i] *= (double) every / lines;
    }
    return sum;
  }

  // Returns the amplitudes without the mean, at multiples of the frequency 1 / bins.
  private static double[] spectrum(double[] values, int bins) {
    double mean = Arrays.stream(values).average().orElseThrow();
    double[] padded = new double[bins];
    for (int i = 0; i < values.length; i++) {
      padded[i] = (values[i] - mean) / values.length;
    }
    Complex[] transformed = new FastFourierTransformer(DftNormalization.STANDARD)
        .transform(padded, TransformType.FORWARD);
    double[] amplitudes = new double[bins / 2];
    for (int i = 0; i < amplitudes.length; i++) {
      amplitudes[i] = transformed[i].abs();
    }
    return amplitudes;
  }

  // Equal steps at one distance have the same amplitude at its frequency and at the overtones: the
  // height of a step divided by the distance.
  private static double harmonicStrength(double[] spectrum, int bin, int bins) {
    double sum = 0;
    int count = 0;
    for (int k = 1; k <= HARMONICS && k * bin < MAX_FREQUENCY * bins; k++) {
      sum += spectrum[k * bin];
      count++;
    }
    return sum / count * bins / bin;
  }
}
