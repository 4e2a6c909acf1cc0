package dev.likeness.diffusion.internal.image;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.imagefile.ImageFileReader;
import dev.likeness.diffusion.internal.resampling.ResamplingKernel;
import java.util.Arrays;

/**
 * Separable resampling of a rectangle of an image, for photos and masks. Images for networks whose
 * reference uses Pillow are resized by {@link dev.likeness.diffusion.image.PillowResampling
 * PillowResampling}, which has the same kernels but rounds as Pillow does. When an image is
 * reduced, the kernel widens with the factor, which avoids aliasing (Turkowski, "Filters for Common
 * Resampling Tasks", 1990).
 */
public enum Resampler {
  /** Exact area averages: the fastest kernel for reducing. */
  AREA(0.5) {
    @Override
    double weight(int j, double center, double widen) {
      return Math.max(0, Math.min(j + 1, center + widen / 2) - Math.max(j, center - widen / 2));
    }
  },
  /**
   * Keys' cubic convolution with a = -0.5 (Catmull-Rom): for crops of training images, and for
   * enlarging.
   */
  CUBIC(ResamplingKernel.CUBIC.support()) {
    @Override
    double weight(int j, double center, double widen) {
      return ResamplingKernel.CUBIC.weight((j + 0.5 - center) / widen);
    }
  };

  // A side of an image has at most 100,000 pixels.
  private static final double MAX_EXTENT = 1e6;

  private final double support;

  Resampler(double support) {
    this.support = support;
  }

  /**
   * Returns the weight of input pixel {@code j} for an output at {@code center}, in input pixels.
   * Weights need not sum to one.
   */
  abstract double weight(int j, double center, double widen);

  /** Resamples the whole image to {@code width} by {@code height} pixels. */
  public RgbImage resize(RgbImage image, int width, int height) {
    return resize(image, 0, 0, image.width(), image.height(), width, height);
  }

  /**
   * Reduces an image so that its long side is at most {@code longSide}. Returns the image itself if
   * it already is.
   */
  public RgbImage fit(RgbImage image, int longSide) {
    double scale = (double) longSide / Math.max(image.width(), image.height());
    return scale >= 1
        ? image
        : resize(image, scaledLength(image.width(), scale), scaledLength(image.height(), scale));
  }

  /**
   * Resamples a rectangle of an image to {@code width} by {@code height} pixels. The origin of the
   * rectangle's coordinates is the outer corner of the first pixel. Parts outside the image repeat
   * its edge.
   *
   * @throws IllegalArgumentException if the rectangle or the result is empty, a number is not
   *     finite, or the rectangle is far larger than any image
   */
  public RgbImage resize(
      RgbImage image, double x, double y, double w, double h, int width, int height) {
    if (!(w > 0 && h > 0) || width < 1 || height < 1) {
      throw new IllegalArgumentException("an image needs at least 1x1 pixels, cannot resample " + w
          + "x" + h + " to " + width + "x" + height);
    }
    if (!(Math.abs(x) + w + Math.abs(y) + h <= MAX_EXTENT)) {
      throw new IllegalArgumentException(
          "a rectangle of an image must lie near it, cannot resample " + w + "x" + h + " at " + x
              + ", " + y);
    }
    Taps columns = taps(x, w, width, image.width());
    Taps rows = taps(y, h, height, image.height());
    return resample(image, columns, rows);
  }

  // Only the input columns with a weight are read.
  private static RgbImage resample(RgbImage from, Taps columns, Taps rows) {
    int left = columns.minInput();
    int count = columns.maxInput() + 1 - left;
    byte[] to =
        new byte[Math.multiplyExact(Math.multiplyExact(columns.outputs(), rows.outputs()), 3)];
    float[] blended = new float[count * 3];
    byte[][] source = new byte[Taps.AT_ONCE][count * 3];
    for (int row = 0; row < rows.outputs(); row++) {
      Arrays.fill(blended, 0);
      int end = rows.first[row + 1];
      for (int k = rows.first[row]; k < end; k += Taps.AT_ONCE) {
        for (int i = k; i < Math.min(end, k + Taps.AT_ONCE); i++) {
          from.row(left, rows.index[i], count, source[i - k]);
        }
        rows.addRows(k, Math.min(end, k + Taps.AT_ONCE), source, blended);
      }
      columns.resizeRow(blended, left, to, row * columns.outputs() * 3);
    }
    return RgbImage.of(columns.outputs(), rows.outputs(), to);
  }

  static int scaledLength(int length, double scale) {
    return Math.max(1, (int) Math.round(length * scale));
  }

  Taps taps(double start, double length, int outputs, int inputs) {
    double scale = length / outputs;
    double widen = Math.max(1, scale);
    int most = (int) Math.ceil(2 * support * widen) + 2;
    int[] first = new int[outputs + 1];
    int[] index = new int[outputs * most];
    float[] weight = new float[outputs * most];
    int n = 0;
    for (int i = 0; i < outputs; i++) {
      double center = start + (i + 0.5) * scale;
      n = fillWeights(center, widen, inputs, index, weight, n);
      first[i + 1] = n;
    }
    return new Taps(first, index, weight);
  }

  private int fillWeights(
      double center, double widen, int inputs, int[] index, float[] weight, int n) {
    int from = (int) Math.floor(center - support * widen);
    int to = (int) Math.ceil(center + support * widen);
    double sum = 0;
    int start = n;
    for (int j = from; j < to; j++) {
      double w = weight(j, center, widen);
      if (w != 0) {
        index[n] = Math.max(0, Math.min(inputs - 1, j));
        weight[n++] = (float) w;
        sum += w;
      }
    }
    for (int k = start; k < n; k++) {
      weight[k] /= (float) sum;
    }
    return n;
  }

  /**
   * The weights of a resampling along one axis. The inputs of output {@code i} are at
   * {@code first[i]} up to {@code first[i + 1]}, in ascending order. Their weights sum to one.
   */
  record Taps(int[] first, int[] index, float[] weight) {
    /** The most rows that are added in one pass over the sum. */
    static final int AT_ONCE = 4;

    int outputs() {
      return first.length - 1;
    }

    /** Returns the first input of any output. */
    int minInput() {
      return firstInput(0);
    }

    /** Returns the last input of any output. */
    int maxInput() {
      return lastInput(outputs() - 1);
    }

    int firstInput(int output) {
      return index[first[output]];
    }

    int lastInput(int output) {
      return index[first[output + 1] - 1];
    }

    /**
     * Adds the input rows of the weights {@code k} up to {@code end} to {@code sum}, in their
     * order.
     */
    void addRows(int k, int end, byte[][] rows, float[] sum) {
      if (end - k < AT_ONCE) {
        for (int i = k; i < end; i++) {
          addRow(weight[i], rows[i - k], sum);
        }
        return;
      }
      byte[] a = rows[0];
      byte[] b = rows[1];
      byte[] c = rows[2];
      byte[] d = rows[3];
      float wa = weight[k];
      float wb = weight[k + 1];
      float wc = weight[k + 2];
      float wd = weight[k + 3];
      for (int i = 0; i < sum.length; i++) {
        sum[i] =
            sum[i] + wa * (a[i] & 255) + wb * (b[i] & 255) + wc * (c[i] & 255) + wd * (d[i] & 255);
      }
    }

    private static void addRow(float share, byte[] row, float[] sum) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += share * (row[i] & 255);
      }
    }

    /** Adds row {@code input} to {@code sum}, with its weight in row {@code output}. */
    void addRow(int output, int input, byte[] row, float[] sum) {
      int end = first[output + 1];
      for (int k = first[output]; k < end; k++) {
        if (index[k] == input) {
          addRow(weight[k], row, sum);
        }
      }
    }

    /**
     * Resamples a row of three interleaved channels to rounded bytes. The row starts with input
     * {@code left}.
     */
    void resizeRow(float[] row, int left, byte[] to, int from) {
      int[] ends = first;
      int[] inputs = index;
      float[] shares = weight;
      int at = from;
      for (int output = 0; output < ends.length - 1; output++, at += 3) {
        float r = 0.5f;
        float g = 0.5f;
        float b = 0.5f;
        int end = ends[output + 1];
        for (int k = ends[output]; k < end; k++) {
          float share = shares[k];
          int i = (inputs[k] - left) * 3;
          r += share * row[i];
          g += share * row[i + 1];
          b += share * row[i + 2];
        }
        to[at] = clip(r);
        to[at + 1] = clip(g);
        to[at + 2] = clip(b);
      }
    }

    private static byte clip(float value) {
      int level = (int) value;
      return (byte) (level < 0 ? 0 : level > 255 ? 255 : level);
    }
  }

  /**
   * Reduces an image by area averaging while its rows arrive from the top, so the full image is
   * never in memory.
   */
  public static final class RowReducer implements ImageFileReader.Rows {
    private final int height;
    private final Taps columns;
    private final Taps rows;
    private final float[] blended;
    private final byte[] rgb;
    private int nextRow;
    private int outputRow;

    /**
     * Makes a reducer of an image of {@code width} by {@code height} pixels to a long side of at
     * most {@code longSide}.
     */
    public RowReducer(int width, int height, int longSide) {
      double scale = Math.min(1, (double) longSide / Math.max(width, height));
      this.height = height;
      this.columns = AREA.taps(0, width, scaledLength(width, scale), width);
      this.rows = AREA.taps(0, height, scaledLength(height, scale), height);
      this.blended = new float[3 * width];
      this.rgb =
          new byte[Math.multiplyExact(Math.multiplyExact(columns.outputs(), rows.outputs()), 3)];
    }

    /**
     * Adds row {@code y}: red, green and blue of each pixel from the left.
     *
     * @throws IllegalStateException if a row is left out or comes twice
     */
    @Override
    public void accept(int y, byte[] row) {
      if (y != nextRow++) {
        throw new IllegalStateException(
            "image rows must be added in order, expected row " + (nextRow - 1) + ", got row " + y);
      }
      // A row on a border belongs to the output above and to the output below.
      while (outputRow < rows.outputs() && rows.firstInput(outputRow) <= y) {
        rows.addRow(outputRow, y, row, blended);
        if (rows.lastInput(outputRow) > y) {
          return;
        }
        columns.resizeRow(blended, 0, rgb, outputRow * columns.outputs() * 3);
        Arrays.fill(blended, 0);
        outputRow++;
      }
    }

    @Override
    public boolean isComplete() {
      return nextRow == height;
    }

    @Override
    public ImageFileReader.Pixels toPixels() {
      if (!isComplete()) {
        throw new IllegalStateException("the image is incomplete: only " + nextRow + " of its "
            + height + " rows were added; add all rows first");
      }
      return new ImageFileReader.Pixels(columns.outputs(), rows.outputs(), rgb);
    }
  }
}
