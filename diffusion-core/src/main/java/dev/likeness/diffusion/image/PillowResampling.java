package dev.likeness.diffusion.image;

import dev.likeness.diffusion.internal.resampling.ResamplingKernel;

/**
 * Resampling filters of Pillow. They return exactly the same bytes as Pillow 13. Image encoders
 * were trained on images that were resized with these filters.
 *
 * <p>A filter makes two passes over 8-bit values, with fixed-point weights of 22 bits. If the image
 * becomes smaller, the kernel becomes wider by the same factor. Source: Pillow's
 * {@code ImagingResample}.
 */
public enum PillowResampling {
  /** Linear interpolation. */
  BILINEAR(2, ResamplingKernel.LINEAR),
  /** Keys' cubic convolution with a = -0.5. */
  BICUBIC(3, ResamplingKernel.CUBIC),
  /** Lanczos with three lobes. */
  LANCZOS(1, ResamplingKernel.LANCZOS);

  private static final int BITS = 32 - 8 - 2;

  private final int code;
  private final ResamplingKernel kernel;

  PillowResampling(int code, ResamplingKernel kernel) {
    this.code = code;
    this.kernel = kernel;
  }

  /** {@return Pillow's number of this filter: 1 (Lanczos), 2 (bilinear) or 3 (bicubic)} */
  public int code() {
    return code;
  }

  /**
   * {@return the filter with the given Pillow number} Image processor configs use these numbers as
   * {@code resample}.
   *
   * @param code 1 (Lanczos), 2 (bilinear) or 3 (bicubic)
   * @throws IllegalArgumentException if no filter has this number
   */
  public static PillowResampling of(int code) {
    for (PillowResampling filter : values()) {
      if (filter.code == code) {
        return filter;
      }
    }
    throw new IllegalArgumentException("the resample code " + code
        + " is not supported; known: 1 (Lanczos), 2 (bilinear), 3 (bicubic)");
  }

  /**
   * {@return the image, resized to the given size; the same object if it already has this size}
   *
   * @param image the image
   * @param width the new width in pixels, at least 1
   * @param height the new height in pixels, at least 1
   * @throws IllegalArgumentException if a side is less than 1
   */
  public RgbImage resize(RgbImage image, int width, int height) {
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "an image needs at least 1x1 pixels, cannot resize to " + width + "x" + height);
    }
    int w = image.width();
    int h = image.height();
    if (width == w && height == h) {
      return image;
    }
    byte[] rgb = image.rgb();
    // The order decides how values round between the passes. This is Pillow 13's order; older
    // versions always resize horizontally first.
    boolean downFirst = height < h && h - height > 2 * (w - width);
    byte[] out = downFirst
        ? resizeHorizontally(resizeVertically(rgb, w, h, height), w, height, width)
        : resizeVertically(resizeHorizontally(rgb, w, h, width), width, h, height);
    return RgbImage.of(width, height, out);
  }

  private byte[] resizeHorizontally(byte[] rgb, int width, int height, int columns) {
    if (columns == width) {
      return rgb;
    }
    Taps taps = taps(width, columns);
    byte[] out = new byte[columns * height * 3];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < columns; x++) {
        int from = (y * width + taps.first[x]) * 3;
        convolve(rgb, from, 3, taps.weights[x], out, (y * columns + x) * 3);
      }
    }
    return out;
  }

  private byte[] resizeVertically(byte[] rgb, int width, int height, int rows) {
    if (rows == height) {
      return rgb;
    }
    Taps taps = taps(height, rows);
    byte[] out = new byte[width * rows * 3];
    for (int y = 0; y < rows; y++) {
      for (int x = 0; x < width; x++) {
        int from = (taps.first[y] * width + x) * 3;
        convolve(rgb, from, width * 3, taps.weights[y], out, (y * width + x) * 3);
      }
    }
    return out;
  }

  private static void convolve(
      byte[] rgb, int from, int stride, int[] weights, byte[] out, int at) {
    for (int c = 0; c < 3; c++) {
      int sum = 1 << BITS - 1;
      for (int k = 0; k < weights.length; k++) {
        sum += (rgb[from + c + k * stride] & 255) * weights[k];
      }
      out[at + c] = (byte) Math.max(0, Math.min(255, sum >> BITS));
    }
  }

  /** For each output pixel, the first source pixel and the fixed-point weights from there on. */
  private record Taps(int[] first, int[][] weights) {}

  private Taps taps(int inputs, int outputs) {
    double scale = (double) inputs / outputs;
    double widen = Math.max(1, scale);
    double reach = kernel.support() * widen;
    Taps taps = new Taps(new int[outputs], new int[outputs][]);
    for (int i = 0; i < outputs; i++) {
      double center = (i + 0.5) * scale;
      int first = Math.max(0, (int) (center - reach + 0.5));
      int last = Math.min(inputs, (int) (center + reach + 0.5));
      taps.first[i] = first;
      taps.weights[i] = fixedPoint(first, last - first, center, 1 / widen);
    }
    return taps;
  }

  private int[] fixedPoint(int first, int count, double center, double narrow) {
    double[] weights = new double[count];
    double sum = 0;
    for (int k = 0; k < count; k++) {
      weights[k] = kernel.weight((k + first - center + 0.5) * narrow);
      sum += weights[k];
    }
    int[] fixed = new int[count];
    for (int k = 0; k < count; k++) {
      double weight = (sum == 0 ? weights[k] : weights[k] / sum) * (1 << BITS);
      fixed[k] = (int) (weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    return fixed;
  }
}
