package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.internal.image.Luma;
import java.util.Arrays;
import org.apache.commons.math3.complex.Complex;
import org.apache.commons.math3.linear.SingularMatrixException;
import org.apache.commons.math3.stat.regression.OLSMultipleLinearRegression;
import org.apache.commons.math3.transform.DftNormalization;
import org.apache.commons.math3.transform.FastFourierTransformer;
import org.apache.commons.math3.transform.TransformType;

/**
 * Finds traces of editing: bars around an image, as in screenshots and slides, changes of its
 * colours, and an earlier compression.
 */
final class EditTraces {
  private EditTraces() {}

  /**
   * Finds bars: strips of one colour on two opposite sides, which end at a straight line across the
   * whole image. A plain wall behind a person has no such line: its outermost lines have one colour
   * too, but the person's outline enters them bit by bit.
   */
  static final class Bars {
    // The largest difference of a pixel of a bar to the bar's colour. Saving as JPEG causes it.
    private static final int TOLERANCE = 12;
    // The share of a line's pixels that may differ more. Ripples beside the edge cause it.
    private static final double OUTLIERS = 0.02;
    // The edge is blurred or rippled over at most this many lines.
    private static final int EDGE_LINES = 10;
    // At the edge, this share of the pixels changes by more than this within a few lines.
    private static final double EDGE_SHARE = 0.4;
    private static final int EDGE_STEP = 18;
    private static final int EDGE_WIDTH = 3;

    private final RgbImage image;
    private final boolean rows;
    private final boolean fromEnd;
    private final int lines;
    private final int length;

    private Bars(RgbImage image, boolean rows, boolean fromEnd) {
      this.image = image;
      this.rows = rows;
      this.fromEnd = fromEnd;
      this.lines = rows ? image.height() : image.width();
      this.length = rows ? image.width() : image.height();
    }

    /** Returns the share of the image, 0 to 1, of bars at top and bottom, or at left and right. */
    static double share(RgbImage image) {
      return Math.max(share(image, true), share(image, false));
    }

    private static double share(RgbImage image, boolean rows) {
      int first = new Bars(image, rows, false).width();
      int last = new Bars(image, rows, true).width();
      return first > 0 && last > 0
          ? Math.min(1, (double) (first + last) / (rows ? image.height() : image.width()))
          : 0;
    }

    // Returns the number of lines of the bar; 0 if there is none.
    private int width() {
      int[] colour = colour();
      int flat = 0;
      while (flat < lines && differing(flat, colour) <= OUTLIERS * length) {
        flat++;
      }
      if (flat == 0) {
        return 0;
      }
      for (int line = flat; line < Math.min(lines, flat + EDGE_LINES); line++) {
        if (stepped(line) >= EDGE_SHARE * length) {
          return line;
        }
      }
      return 0;
    }

    // Returns the median colour of the outermost line.
    private int[] colour() {
      int[] colour = new int[3];
      int[] values = new int[length];
      for (int channel = 0; channel < 3; channel++) {
        for (int i = 0; i < length; i++) {
          values[i] = at(0, i, channel);
        }
        Arrays.sort(values);
        colour[channel] = values[length / 2];
      }
      return colour;
    }

    private int differing(int line, int[] colour) {
      int count = 0;
      for (int i = 0; i < length; i++) {
        boolean differs = false;
        for (int channel = 0; channel < 3; channel++) {
          differs |= Math.abs(at(line, i, channel) - colour[channel]) > TOLERANCE;
        }
        count += differs ? 1 : 0;
      }
      return count;
    }

    private int stepped(int line) {
      int before = Math.max(0, line - EDGE_WIDTH);
      int after = Math.min(lines - 1, line + EDGE_WIDTH);
      int count = 0;
      for (int i = 0; i < length; i++) {
        boolean steps = false;
        for (int channel = 0; channel < 3; channel++) {
          steps |= Math.abs(at(after, i, channel) - at(before, i, channel)) > EDGE_STEP;
        }
        count += steps ? 1 : 0;
      }
      return count;
    }

    private int at(int line, int i, int channel) {
      int from = fromEnd ? lines - 1 - line : line;
      return rows ? image.at(i, from, channel) : image.at(from, i, channel);
    }
  }

  /** Finds changes to an image's colours, on the image reduced to 64 by 64 pixels. */
  static final class Colour {
    private static final int SIDE = 64;

    private final RgbImage small;

    private Colour(RgbImage small) {
      this.small = small;
    }

    static Colour of(RgbImage image) {
      return new Colour(Resampler.AREA.resize(image, SIDE, SIDE));
    }

    /**
     * Returns the mean difference between the strongest and the weakest channel, 0 (black and
     * white) to 255.
     */
    double chroma() {
      double sum = 0;
      for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
          sum += ChannelRange.of(small, x, y);
        }
      }
      return sum / (SIDE * SIDE);
    }

    /**
     * Returns the variety of colours among pixels of equal brightness: the root mean square
     * distance, 0 to 255, of each pixel's colour difference from a parabola over brightness. Black
     * and white, sepia and duotone filters make colour a function of brightness, so their values
     * are near 0.
     */
    double hueVariety() {
      double[][] powers = new double[SIDE * SIDE][];
      double[][] difference = new double[2][SIDE * SIDE];
      for (int i = 0; i < powers.length; i++) {
        int r = small.at(i % SIDE, i / SIDE, 0);
        int g = small.at(i % SIDE, i / SIDE, 1);
        int b = small.at(i % SIDE, i / SIDE, 2);
        double light = (r + g + b) / 765.0;
        powers[i] = new double[] {light, light * light};
        difference[0][i] = r - g;
        difference[1][i] = b - g;
      }
      return Math.sqrt(
          (residual(powers, difference[0]) + residual(powers, difference[1])) / powers.length);
    }

    private static double residual(double[][] powers, double[] values) {
      OLSMultipleLinearRegression fit = new OLSMultipleLinearRegression(1e-9);
      fit.newSampleData(values, powers);
      try {
        return fit.calculateResidualSumOfSquares();
      } catch (SingularMatrixException oneBrightness) {
        return 0;
      }
    }
  }

  /**
   * Finds traces of an earlier, strong JPEG compression: steps at the borders of square blocks.
   * They have equal distances and therefore form a peak in the spectrum of the differences between
   * neighbours (after Wang, Bovik and Evans, "Blind measurement of blocking artifacts in images",
   * ICIP 2000). The distance is searched, because a screenshot shows the image and its blocks at
   * another size.
   */
  static final class BlockArtifacts {
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

    // Returns how much neighbours differ more at each place than beside it, averaged along the
    // lines.
    private static double[] gradientProfile(Luma luma, int lag, boolean across) {
      int length = across ? luma.width() : luma.height();
      int lines = across ? luma.height() : luma.width();
      // Twice the differences, which are whole numbers then.
      int[] twice = new int[length - 3 * lag];
      int[] line = new int[length];
      int every = (lines + MAX_LINES - 1) / MAX_LINES;
      for (int k = 0; k < lines; k += every) {
        for (int i = 0; i < length; i++) {
          line[i] = across ? luma.at(i, k) : luma.at(k, i);
        }
        for (int i = 0; i < twice.length; i++) {
          int before = Math.abs(line[i + lag] - line[i]);
          int here = Math.abs(line[i + 2 * lag] - line[i + lag]);
          int after = Math.abs(line[i + 3 * lag] - line[i + 2 * lag]);
          int step = 2 * here - before - after;
          twice[i] += step < -2 * CLIP ? -2 * CLIP : step > 2 * CLIP ? 2 * CLIP : step;
        }
      }
      double[] sum = new double[twice.length];
      for (int i = 0; i < sum.length; i++) {
        sum[i] = twice[i] / 2.0 * ((double) every / lines);
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

    // Equal steps at one distance have the same amplitude at its frequency and at the overtones:
    // the
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
}
