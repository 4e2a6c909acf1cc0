package dev.likeness.headshots.internal.score;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.image.Luma;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * Numbers for each pixel, such as brightness, in rows from the top. Pixels outside repeat the edge.
 * Immutable.
 */
final class Plane {
  final int width;
  final int height;
  private final float[] values;

  private Plane(int width, int height, float[] values) {
    this.width = width;
    this.height = height;
    this.values = values;
  }

  /** The brightness of an image, 0 to 255. */
  static Plane of(RgbImage image) {
    return of(image.width(), image.height(), Luma.of(image)::at);
  }

  interface Place {
    double at(int x, int y);
  }

  /** The values of a function of the pixel. */
  static Plane of(int width, int height, Place place) {
    float[] values = new float[width * height];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) place.at(i % width, i / width);
    }
    return new Plane(width, height, values);
  }

  /** One colour channel of an image, 0 to 255. */
  static Plane of(RgbImage image, int channel) {
    return of(image.width(), image.height(), (x, y) -> image.at(x, y, channel));
  }

  float at(int x, int y) {
    return values[
        Math.max(0, Math.min(height - 1, y)) * width + Math.max(0, Math.min(width - 1, x))];
  }

  /** The mean over squares with side {@code 2 reach + 1}. */
  Plane blurred(int reach) {
    return blurredAlong(reach, true).blurredAlong(reach, false);
  }

  private Plane blurredAlong(int reach, boolean rows) {
    float[] out = new float[values.length];
    for (int i = 0; i < out.length; i++) {
      float sum = 0;
      for (int k = -reach; k <= reach; k++) {
        sum += rows ? at(i % width + k, i / width) : at(i % width, i / width + k);
      }
      out[i] = sum / (2 * reach + 1);
    }
    return new Plane(width, height, out);
  }

  /** The same plane with a function applied to each value. */
  Plane map(DoubleUnaryOperator change) {
    float[] out = new float[values.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) change.applyAsDouble(values[i]);
    }
    return new Plane(width, height, out);
  }

  /** The difference from {@link #blurred}: structures finer than {@code reach}. */
  Plane detail(int reach) {
    return minus(blurred(reach));
  }

  /** The difference from another plane of the same size. */
  Plane minus(Plane other) {
    float[] out = new float[values.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = values[i] - other.values[i];
    }
    return new Plane(width, height, out);
  }

  double mean(int x, int y, int w, int h) {
    double sum = 0;
    for (int i = 0; i < w * h; i++) {
      sum += at(x + i % w, y + i / w);
    }
    return sum / (w * h);
  }

  /** The correlation, -1 to 1, of the rectangle at (x, y) and the one at (otherX, otherY). */
  double correlation(int x, int y, int w, int h, int otherX, int otherY) {
    double sa = 0;
    double sb = 0;
    double saa = 0;
    double sbb = 0;
    double sab = 0;
    for (int j = 0; j < h; j++) {
      for (int i = 0; i < w; i++) {
        double a = at(x + i, y + j);
        double b = at(otherX + i, otherY + j);
        sa += a;
        sb += b;
        saa += a * a;
        sbb += b * b;
        sab += a * b;
      }
    }
    double n = w * h;
    double va = saa - sa * sa / n;
    double vb = sbb - sb * sb / n;
    return va <= 1e-6 || vb <= 1e-6 ? 0 : (sab - sa * sb / n) / Math.sqrt(va * vb);
  }

  /** The standard deviation in a rectangle. */
  double deviation(int x, int y, int w, int h) {
    double mean = mean(x, y, w, h);
    double square = 0;
    for (int i = 0; i < w * h; i++) {
      double far = at(x + i % w, y + i / w) - mean;
      square += far * far;
    }
    return Math.sqrt(square / (w * h));
  }

  /** The median in a rectangle. */
  double median(int x, int y, int w, int h) {
    float[] part = new float[w * h];
    for (int i = 0; i < part.length; i++) {
      part[i] = at(x + i % w, y + i / w);
    }
    Arrays.sort(part);
    return part[part.length / 2];
  }

  /** The mean absolute difference of neighbours in a rectangle, along rows or along columns. */
  double gradient(int x, int y, int w, int h, boolean across) {
    double sum = 0;
    for (int j = y; j < y + h; j++) {
      for (int i = x; i < x + w; i++) {
        sum += Math.abs(at(i, j) - (across ? at(i - 1, j) : at(i, j - 1)));
      }
    }
    return sum / (w * h);
  }
}
