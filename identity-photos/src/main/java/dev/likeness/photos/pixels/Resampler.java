package dev.likeness.photos.pixels;

import dev.likeness.diffusion.image.Picture;
import java.util.Arrays;

/**
 * Separable resampling of a rectangle of a picture. When reducing, the kernel widens with the factor, so every source
 * pixel counts and nothing aliases (Turkowski, "Filters for Common Resampling Tasks", 1990).
 */
public enum Resampler {
  /** Exact area averages; the fastest, for reducing. */
  AREA(0.5) {
    @Override
    double weight(int j, double center, double widen) {
      return Math.max(0, Math.min(j + 1, center + widen / 2) - Math.max(j, center - widen / 2));
    }
  },
  /** Keys' cubic convolution with a = -0.5 (Catmull-Rom), for crops that a model is trained on and for enlarging. */
  CUBIC(2) {
    @Override
    double weight(int j, double center, double widen) {
      double a = Math.abs((j + 0.5 - center) / widen);
      return a < 1 ? (1.5 * a - 2.5) * a * a + 1 : a < 2 ? ((-0.5 * a + 2.5) * a - 4) * a + 2 : 0;
    }
  };

  private final double support;

  Resampler(double support) {
    this.support = support;
  }

  /** How much pixel {@code j} counts for an output at {@code center}, both in source pixels; need not sum to one. */
  abstract double weight(int j, double center, double widen);

  /** The whole picture at {@code width} by {@code height}. */
  public Picture resize(Picture picture, int width, int height) {
    return resize(picture, 0, 0, picture.width(), picture.height(), width, height);
  }

  /** The picture reduced so that its long side is at most {@code longSide}; itself when it is already. */
  public Picture fit(Picture picture, int longSide) {
    double scale = (double) longSide / Math.max(picture.width(), picture.height());
    return scale >= 1 ? picture : resize(picture, side(picture.width(), scale), side(picture.height(), scale));
  }

  /**
   * A rectangle of the picture, in pixels with the origin at the outer corner of the first one, at {@code width} by
   * {@code height}. Parts outside the picture repeat its edge.
   */
  public Picture resize(Picture picture, double x, double y, double w, double h, int width, int height) {
    if (!(w > 0 && h > 0) || width < 1 || height < 1) {
      throw new IllegalArgumentException("cannot resample " + w + "x" + h + " to " + width + "x" + height);
    }
    Picture part = window(picture, x, y, w, h, width, height);
    boolean whole = part == picture;
    int left = whole ? 0 : first(x, w, width, picture.width());
    int top = whole ? 0 : first(y, h, height, picture.height());
    Taps columns = taps(x - left, w, width, part.width());
    Taps rows = taps(y - top, h, height, part.height());
    return resample(part::row, part.width() * 3, columns, rows, 0);
  }

  /**
   * A picture of packed blue, green and red bytes, as image readers hand them out, reduced to {@code longSide} without
   * copying it first.
   */
  public Picture fitBgr(byte[] bgr, int width, int height, int longSide) {
    double scale = Math.min(1, (double) longSide / Math.max(width, height));
    Taps columns = taps(0, width, side(width, scale), width);
    Taps rows = taps(0, height, side(height, scale), height);
    return resample((y, row) -> System.arraycopy(bgr, y * width * 3, row, 0, width * 3), width * 3, columns, rows, 2);
  }

  // Only the rows and columns that count are copied out of a large picture.
  private Picture window(Picture picture, double x, double y, double w, double h, int width, int height) {
    int left = first(x, w, width, picture.width());
    int top = first(y, h, height, picture.height());
    int right = picture.width() - first(picture.width() - x - w, w, width, picture.width());
    int bottom = picture.height() - first(picture.height() - y - h, h, height, picture.height());
    boolean all = left == 0 && top == 0 && right == picture.width() && bottom == picture.height();
    return all ? picture : picture.crop(left, top, Math.max(1, right - left), Math.max(1, bottom - top));
  }

  private int first(double start, double length, int outputs, int inputs) {
    double reach = support * Math.max(1, length / outputs) + 1;
    return (int) Math.max(0, Math.min(inputs - 1, Math.floor(start - reach)));
  }

  /** Where rows of pixels come from; large pictures are never copied whole. */
  private interface Rows {
    void copy(int y, byte[] row);
  }

  // The first channel is read at offset `red`, the others follow towards the opposite end of the pixel.
  private static Picture resample(Rows from, int stride, Taps columns, Taps rows, int red) {
    int width = columns.first.length - 1;
    int height = rows.first.length - 1;
    byte[] to = new byte[Math.multiplyExact(Math.multiplyExact(width, height), 3)];
    float[] blended = new float[stride];
    byte[] source = new byte[stride];
    for (int row = 0; row < height; row++) {
      blend(from, source, rows, row, blended);
      squeeze(blended, columns, to, row * width * 3, red);
    }
    return Picture.of(width, height, to);
  }

  private static int side(int length, double scale) {
    return Math.max(1, (int) Math.round(length * scale));
  }

  private static void blend(Rows from, byte[] source, Taps rows, int row, float[] out) {
    Arrays.fill(out, 0);
    for (int k = rows.first[row]; k < rows.first[row + 1]; k++) {
      float weight = rows.weight[k];
      from.copy(rows.index[k], source);
      for (int i = 0; i < out.length; i++) {
        out[i] += weight * (source[i] & 255);
      }
    }
  }

  private static void squeeze(float[] row, Taps columns, byte[] to, int at, int red) {
    for (int column = 0; column < columns.first.length - 1; column++, at += 3) {
      float r = 0.5f;
      float g = 0.5f;
      float b = 0.5f;
      for (int k = columns.first[column]; k < columns.first[column + 1]; k++) {
        float weight = columns.weight[k];
        int i = columns.index[k] * 3;
        r += weight * row[i + red];
        g += weight * row[i + 1];
        b += weight * row[i + 2 - red];
      }
      to[at] = clip(r);
      to[at + 1] = clip(g);
      to[at + 2] = clip(b);
    }
  }

  private static byte clip(float value) {
    return (byte) Math.max(0, Math.min(255, value));
  }

  // For each of the outputs: which inputs count, and how much.
  private record Taps(int[] first, int[] index, float[] weight) {}

  private Taps taps(double start, double length, int outputs, int inputs) {
    double scale = length / outputs;
    double widen = Math.max(1, scale);
    int most = (int) Math.ceil(2 * support * widen) + 2;
    int[] first = new int[outputs + 1];
    int[] index = new int[outputs * most];
    float[] weight = new float[outputs * most];
    int n = 0;
    for (int i = 0; i < outputs; i++) {
      double center = start + (i + 0.5) * scale;
      n = fill(center, widen, inputs, index, weight, n);
      first[i + 1] = n;
    }
    return new Taps(first, index, weight);
  }

  private int fill(double center, double widen, int inputs, int[] index, float[] weight, int n) {
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
}
