package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.image.Resampler;
import org.apache.commons.math3.linear.SingularMatrixException;
import org.apache.commons.math3.stat.regression.OLSMultipleLinearRegression;

/**
 * Finds bars around an image, as in screenshots and slides: strips of one colour on two opposite
 * sides.
 */
final class EditTraces {
  private static final int TOLERANCE = 10;

  private EditTraces() {}

  /** Returns the share of the image, 0 to 1, of bars at top and bottom, or at left and right. */
  static double borderShare(RgbImage image) {
    int top = countFlatLines(image, true, false);
    int bottom = countFlatLines(image, true, true);
    int left = countFlatLines(image, false, false);
    int right = countFlatLines(image, false, true);
    double rows = top > 0 && bottom > 0 ? Math.min(1, (double) (top + bottom) / image.height()) : 0;
    double columns =
        left > 0 && right > 0 ? Math.min(1, (double) (left + right) / image.width()) : 0;
    return Math.max(rows, columns);
  }

  private static int countFlatLines(RgbImage image, boolean rows, boolean fromEnd) {
    int lines = rows ? image.height() : image.width();
    int length = rows ? image.width() : image.height();
    int first = fromEnd ? lines - 1 : 0;
    int count = 0;
    while (count < lines
        && isFlat(image, rows, fromEnd ? lines - 1 - count : count, length, first)) {
      count++;
    }
    return count;
  }

  // Returns true if each pixel of the line has the colour of the outermost corner.
  private static boolean isFlat(RgbImage image, boolean rows, int line, int length, int first) {
    for (int i = 0; i < length; i++) {
      for (int channel = 0; channel < 3; channel++) {
        int here = rows ? image.at(i, line, channel) : image.at(line, i, channel);
        int corner = rows ? image.at(0, first, channel) : image.at(first, 0, channel);
        if (Math.abs(here - corner) > TOLERANCE) {
          return false;
        }
      }
    }
    return true;
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
          sum += channelRange(x, y);
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

    private int channelRange(int x, int y) {
      int r = small.at(x, y, 0);
      int g = small.at(x, y, 1);
      int b = small.at(x, y, 2);
      return Math.max(r, Math.max(g, b)) - Math.min(r, Math.min(g, b));
    }
  }
}
