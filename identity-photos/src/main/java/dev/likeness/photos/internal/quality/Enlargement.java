package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.transform.DftNormalization;
import org.apache.commons.math3.transform.FastFourierTransformer;
import org.apache.commons.math3.transform.TransformType;

/**
 * Finds which of two copies of a face was enlarged. An enlarged copy lacks the frequencies that its
 * smaller original could not have, also after noise, compression, or a change of brightness or
 * tone: the ratio of the spectra of both copies falls steeply there. The ratio also falls if the
 * other copy is noisy. But detail lies where coarser edges are, and noise is everywhere. Strong
 * sharpening after the enlargement puts power at the edges, so that such a copy may pass for the
 * original.
 */
final class Enlargement {
  /** Faces with fewer pixels per side are too small to compare. */
  static final int MIN_SIDE = 64;

  // Frequencies above which a copy may be empty, as a share of the highest frequency.
  private static final double[] CUTS = {0.25, 0.33, 0.4, 0.5, 0.62, 0.75};
  // The ratio of the spectra falls to less than this if one copy is empty above a frequency.
  private static final double FALL = 0.45;
  // An enlarged copy that was sharpened afterwards may have more power than the original. If it has
  // still more, it is the original, and the other copy is blurred.
  private static final double SHARPENED = 2;
  // The rank correlation of fine and coarser energy, minus the energy of the smoothest third as a
  // share of the mean. Detail is above 0.1; noise is below 0.
  private static final double DETAIL = 0.05;
  private static final int BLOCK = 16;
  // Smaller differences of energy, in squared grey levels, are those of JPEG compression.
  private static final double INVISIBLE = 0.5;
  // An enlarged copy is weaker near the highest frequency of the smaller one than that one is. A
  // larger original is stronger, because making a copy smaller weakens these frequencies.
  private static final double WEAKENED = 0.7;
  // Near 1 it is not certain. Then an enlarged copy is empty above that frequency.
  private static final double HARDLY_WEAKENED = 0.95;
  private static final double EMPTY = 0.1;
  // Steps of rows and columns, as a share of the steps beside them. Rows that were repeated have
  // steps of 0, after JPEG compression of less than 0.6; others have steps of more than 0.69.
  private static final double REPEATED = 0.65;
  private static final double REPEATED_SHARE = 0.15;
  private static final int NEIGHBOURS = 4;

  private Enlargement() {}

  /** Returns true if the face was enlarged by repeating pixels. */
  static boolean hasRepeatedPixels(RgbImage face) {
    Plane grey = Plane.of(face);
    return (smallSteps(grey, true) + smallSteps(grey, false)) / 2 < REPEATED;
  }

  // Returns the quantile REPEATED_SHARE of the steps between neighbouring columns or rows, each
  // divided by the mean of the steps around it.
  private static double smallSteps(Plane face, boolean columns) {
    double[] steps = new double[face.side - 1];
    for (int i = 0; i < steps.length; i++) {
      double sum = 0;
      for (int k = 0; k < face.side; k++) {
        double step =
            columns ? face.at(i + 1, k) - face.at(i, k) : face.at(k, i + 1) - face.at(k, i);
        sum += step * step;
      }
      steps[i] = Math.sqrt(sum / face.side);
    }
    double[] relative = IntStream.range(0, steps.length)
        .mapToDouble(i -> steps[i]
            / Math.max(
                1e-6,
                Arrays.stream(
                        steps,
                        Math.max(0, i - NEIGHBOURS),
                        Math.min(steps.length, i + NEIGHBOURS + 1))
                    .average()
                    .orElseThrow()))
        .sorted()
        .toArray();
    return relative[(int) (REPEATED_SHARE * relative.length)];
  }

  /**
   * Compares two copies that are squares of the same size.
   *
   * @return above 0 if the second one was enlarged, below 0 if the first one was, and 0 if neither
   *     was
   */
  static double compare(RgbImage one, RgbImage other) {
    Plane first = Plane.of(one);
    Plane second = Plane.of(other);
    return finer(first, second) - finer(second, first);
  }

  // Returns how clearly {@code fine} has detail that {@code other} lacks; 0 if other is complete.
  private static double finer(Plane fine, Plane other) {
    Spectrum own = Spectrum.of(fine);
    Spectrum others = Spectrum.of(other);
    return Arrays.stream(CUTS)
        .filter(cut -> fallsAbove(cut, others, own))
        .map(cut -> detail(fine.above(cut), other.above(cut), other.between(cut / 2, cut)))
        .filter(detail -> detail > DETAIL)
        .max()
        .orElse(0);
  }

  private static boolean fallsAbove(double cut, Spectrum copy, Spectrum fine) {
    double to = Math.min(0.97, 1.8 * cut);
    double above = copy.mean(1.15 * cut, to) / fine.mean(1.15 * cut, to);
    double below = copy.mean(0.5 * cut, 0.9 * cut) / fine.mean(0.5 * cut, 0.9 * cut);
    return above < FALL * below && above < SHARPENED;
  }

  // Returns how much fine energy lies where coarse energy is; 0 if the other copy has as much.
  private static double detail(Plane fine, Plane other, Plane coarse) {
    double[] energies = fine.energies();
    double mean = Arrays.stream(energies).average().orElseThrow();
    if (mean - Arrays.stream(other.energies()).average().orElseThrow() < INVISIBLE) {
      return 0;
    }
    int[] order = order(coarse.energies());
    double smooth = Arrays.stream(order, 0, order.length / 3)
        .mapToDouble(i -> energies[i])
        .average()
        .orElseThrow();
    return new PearsonsCorrelation().correlation(ranks(order(energies)), ranks(order))
        - smooth / mean;
  }

  private static int[] order(double[] values) {
    return IntStream.range(0, values.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> values[i]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private static double[] ranks(int[] order) {
    double[] ranks = new double[order.length];
    for (int i = 0; i < order.length; i++) {
      ranks[order[i]] = i;
    }
    return ranks;
  }

  /** Returns true if {@code larger} was enlarged from about the size of {@code smaller}. */
  static boolean isEnlarged(RgbImage larger, RgbImage smaller) {
    double share = (double) smaller.width() / larger.width();
    Spectrum own = Spectrum.of(Plane.of(larger));
    Spectrum others = Spectrum.of(Plane.of(smaller));
    double near = own.mean(0.75 * share, 0.97 * share) / others.mean(0.75, 0.97);
    double coarse = own.mean(0.2 * share, 0.5 * share) / others.mean(0.2, 0.5);
    boolean isEmpty = own.mean(Math.min(0.95, 1.15 * share), Math.min(0.97, 1.7 * share))
        < EMPTY * own.mean(0.6 * share, 0.9 * share);
    return near < (isEmpty ? HARDLY_WEAKENED : WEAKENED) * coarse;
  }

  /** The power of rows and columns by frequency, from 0 to the highest one. */
  private record Spectrum(double[] power) {
    static Spectrum of(Plane face) {
      int side = face.side;
      int bins = Integer.highestOneBit(2 * side - 1);
      double[] power = new double[bins / 2 + 1];
      for (int k = 0; k < side; k++) {
        double[] row = new double[side];
        double[] column = new double[side];
        for (int i = 0; i < side; i++) {
          row[i] = face.at(i, k);
          column[i] = face.at(k, i);
        }
        add(row, bins, power);
        add(column, bins, power);
      }
      return new Spectrum(power);
    }

    private static void add(double[] line, int bins, double[] power) {
      double mean = Arrays.stream(line).average().orElseThrow();
      double[][] padded = new double[2][bins];
      for (int i = 0; i < line.length; i++) {
        double window = 0.5 - 0.5 * Math.cos(2 * Math.PI * i / line.length);
        padded[0][i] = (line[i] - mean) * window;
      }
      FastFourierTransformer.transformInPlace(
          padded, DftNormalization.STANDARD, TransformType.FORWARD);
      for (int i = 0; i < power.length; i++) {
        power[i] += (padded[0][i] * padded[0][i] + padded[1][i] * padded[1][i]);
      }
    }

    /** Returns the mean power between two shares of the highest frequency. */
    double mean(double from, double to) {
      int highest = power.length - 1;
      int first = (int) Math.ceil(from * highest);
      int last = Math.max(first, (int) (to * highest));
      return Math.max(1e-9, Arrays.stream(power, first, last + 1).average().orElseThrow());
    }
  }

  /** A square of grey values, which are not rounded: rounding would be noise. */
  private record Plane(int side, float[] values) {
    static Plane of(RgbImage face) {
      int side = face.width();
      float[] values = new float[side * side];
      byte[] row = new byte[3 * side];
      for (int y = 0; y < side; y++) {
        face.row(y, row);
        for (int x = 0; x < side; x++) {
          values[y * side + x] = 0.299f * (row[3 * x] & 255)
              + 0.587f * (row[3 * x + 1] & 255)
              + 0.114f * (row[3 * x + 2] & 255);
        }
      }
      return new Plane(side, values);
    }

    float at(int x, int y) {
      return values[y * side + x];
    }

    Plane above(double cut) {
      return minus(low(cut));
    }

    Plane between(double from, double to) {
      return low(to).minus(low(from));
    }

    /** Returns the frequencies up to {@code cut}, a share of the highest one. */
    private Plane low(double cut) {
      float[] kernel = sinc(cut);
      return lowRows(kernel).lowRows(kernel);
    }

    // A low-pass filter: sinc with a Hann window.
    private static float[] sinc(double cut) {
      int reach = (int) Math.round(6 / cut);
      float[] kernel = new float[2 * reach + 1];
      double sum = 0;
      for (int i = -reach; i <= reach; i++) {
        double sinc = i == 0 ? cut : Math.sin(Math.PI * cut * i) / (Math.PI * i);
        double value = sinc * (0.5 + 0.5 * Math.cos(Math.PI * i / (reach + 1)));
        kernel[i + reach] = (float) value;
        sum += value;
      }
      for (int i = 0; i < kernel.length; i++) {
        kernel[i] /= (float) sum;
      }
      return kernel;
    }

    // Filters along the rows and swaps rows and columns.
    private Plane lowRows(float[] kernel) {
      int reach = kernel.length / 2;
      float[] out = new float[values.length];
      float[] row = new float[side + 2 * reach];
      for (int y = 0; y < side; y++) {
        for (int i = 0; i < row.length; i++) {
          row[i] = values[y * side + Math.max(0, Math.min(side - 1, i - reach))];
        }
        for (int x = 0; x < side; x++) {
          float sum = 0;
          for (int k = 0; k < kernel.length; k++) {
            sum += kernel[k] * row[x + k];
          }
          out[x * side + y] = sum;
        }
      }
      return new Plane(side, out);
    }

    private Plane minus(Plane other) {
      float[] out = new float[values.length];
      for (int i = 0; i < out.length; i++) {
        out[i] = values[i] - other.values[i];
      }
      return new Plane(side, out);
    }

    /** Returns the mean squares of the blocks. */
    double[] energies() {
      int count = side / BLOCK;
      double[] out = new double[count * count];
      for (int y = 0; y < count * BLOCK; y++) {
        for (int x = 0; x < count * BLOCK; x++) {
          double value = values[y * side + x];
          out[y / BLOCK * count + x / BLOCK] += value * value / (BLOCK * BLOCK);
        }
      }
      return out;
    }
  }
}
