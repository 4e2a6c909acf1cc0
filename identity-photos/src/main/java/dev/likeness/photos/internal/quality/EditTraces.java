package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.image.Resampler;
import org.apache.commons.math3.linear.SingularMatrixException;
import org.apache.commons.math3.stat.regression.OLSMultipleLinearRegression;

/**
 * Bars around an image, as screenshots and slides have them: flat strips of one colour on two
 * opposite sides.
 */
final class EditTraces {
  private static final int TOLERANCE = 10;

  private EditTraces() {}

  /**
   * The share of the image, 0 to 1, that bars at the top and bottom, or left and right, take up.
   */
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

  // Each pixel of the line is the colour of the outermost corner.
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

  /** What has been done to an image's colours, measured on 64 by 64 averages of it. */
  static final class Colour {
    private static final int SIDE = 64;

    private final RgbImage small;

    private Colour(RgbImage small) {
      this.small = small;
    }

    static Colour of(RgbImage image) {
      return new Colour(Resampler.AREA.resize(image, SIDE, SIDE));
    }

    /** Mean distance between the strongest and the weakest channel, 0 (black and white) to 255. */
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
     * How much the colours differ among pixels of the same brightness: the root mean square
     * distance, 0 to 255, between each pixel's colour difference and a parabola over brightness.
     * Black and white, sepia and duotone filters make colour a function of brightness and come near
     * 0; skin, clothes and surroundings do not.
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
