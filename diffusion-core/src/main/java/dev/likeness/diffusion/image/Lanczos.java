package dev.likeness.diffusion.image;

import java.util.stream.IntStream;

/**
 * Lanczos resampling with three lobes. It returns exactly the same bytes as Pillow 13.
 *
 * <p>Weights are fixed-point numbers of 22 bits. Between the horizontal and the vertical pass,
 * values are rounded to bytes. If the image becomes smaller, the kernel becomes wider by the same
 * factor. Source: Pillow's {@code ImagingResample}.
 */
public final class Lanczos {
  private static final double LOBES = 3;
  private static final int BITS = 22;

  private Lanczos() {}

  /** Fixed-point weights of the source pixels from {@code first} on, for one output pixel. */
  private record Taps(int first, int[] weights) {}

  /**
   * {@return the image, resized to the given size; the same object if it already has this size}
   *
   * @param image the image
   * @param width the new width in pixels, at least 1
   * @param height the new height in pixels, at least 1
   * @throws IllegalArgumentException if a side is less than 1
   */
  public static RgbImage resize(RgbImage image, int width, int height) {
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "an image needs at least 1x1 pixels, cannot resize to " + width + "x" + height);
    }
    int shorter = image.height() - height;
    // Pillow's rule. The order of the passes matters, because values between them are bytes.
    boolean rowsFirst = shorter > 0 && shorter > 2 * (image.width() - width);
    return rowsFirst
        ? resizeColumns(resizeRows(image, height), width)
        : resizeRows(resizeColumns(image, width), height);
  }

  private static RgbImage resizeColumns(RgbImage image, int width) {
    if (width == image.width()) {
      return image;
    }
    byte[] rgb = image.rgb();
    Taps[] taps = taps(image.width(), width);
    byte[] out = new byte[width * image.height() * 3];
    for (int y = 0, at = 0; y < image.height(); y++) {
      for (Taps tap : taps) {
        for (int c = 0; c < 3; c++) {
          out[at++] = sum(rgb, (y * image.width() + tap.first) * 3 + c, 3, tap.weights);
        }
      }
    }
    return RgbImage.of(width, image.height(), out);
  }

  private static RgbImage resizeRows(RgbImage image, int height) {
    if (height == image.height()) {
      return image;
    }
    byte[] rgb = image.rgb();
    Taps[] taps = taps(image.height(), height);
    int row = image.width() * 3;
    byte[] out = new byte[height * row];
    for (int y = 0, at = 0; y < height; y++) {
      for (int x = 0; x < row; x++) {
        out[at++] = sum(rgb, taps[y].first * row + x, row, taps[y].weights);
      }
    }
    return RgbImage.of(image.width(), height, out);
  }

  private static byte sum(byte[] values, int first, int stride, int[] weights) {
    int sum = 1 << (BITS - 1);
    for (int k = 0, at = first; k < weights.length; k++, at += stride) {
      sum += (values[at] & 255) * weights[k];
    }
    return (byte) Math.max(0, Math.min(255, sum >> BITS));
  }

  private static Taps[] taps(int from, int to) {
    double scale = (double) from / to;
    double widen = Math.max(scale, 1);
    return IntStream.range(0, to)
        .mapToObj(i -> {
          double center = (i + 0.5) * scale;
          int first = Math.max((int) (center - LOBES * widen + 0.5), 0);
          int last = Math.min((int) (center + LOBES * widen + 0.5), from);
          double[] w = IntStream.range(first, last)
              .mapToDouble(j -> kernel((j - center + 0.5) * (1 / widen)))
              .toArray();
          double total = 0;
          for (double weight : w) {
            total += weight;
          }
          int[] fixed = new int[w.length];
          for (int k = 0; k < w.length; k++) {
            double scaled = w[k] / total * (1 << BITS);
            fixed[k] = (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
          }
          return new Taps(first, fixed);
        })
        .toArray(Taps[]::new);
  }

  private static double kernel(double x) {
    return Math.abs(x) < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
  }

  private static double sinc(double x) {
    return x == 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
  }
}
