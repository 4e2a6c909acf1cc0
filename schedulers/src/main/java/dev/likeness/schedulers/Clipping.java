package dev.likeness.schedulers;

import java.util.Arrays;

/**
 * What is done to a denoised prediction before a row uses it: the one joint that is not linear.
 *
 * @param kind nothing, a fixed limit, or a limit taken from the prediction itself
 * @param limit the largest magnitude that survives; for {@link Kind#DYNAMIC} the largest threshold
 * @param ratio for {@link Kind#DYNAMIC} the quantile of magnitudes that becomes the threshold, in
 *     0..1; otherwise 0
 */
public record Clipping(Kind kind, double limit, double ratio) {
  /** Predictions are used as they are. */
  public static final Clipping NONE = new Clipping(Kind.NONE, Double.POSITIVE_INFINITY, 0);

  /** The three ways. */
  public enum Kind {
    /** Nothing is clipped. */
    NONE,
    /** Every value is clamped to {@code -limit..limit}. */
    CLAMP,
    /**
     * Clamped to a threshold {@code s} and divided by it (Imagen, arXiv:2205.11487, section 2.3),
     * image by image.
     */
    DYNAMIC
  }

  /** Refuses limits below or at 0 and ratios outside 0..1. */
  public Clipping {
    if (!(limit > 0) || !(ratio >= 0 && ratio <= 1)) {
      throw new IllegalArgumentException(
          "clipping needs a limit above 0 and a ratio in 0..1, got limit " + limit + " and ratio "
              + ratio);
    }
  }

  /** Clamps every value to {@code -limit..limit}. */
  public static Clipping clamp(double limit) {
    return new Clipping(Kind.CLAMP, limit, 0);
  }

  /**
   * Thresholds at the {@code ratio} quantile of the magnitudes, raised to 1 and then lowered to
   * {@code limit}.
   */
  public static Clipping dynamic(double ratio, double limit) {
    return new Clipping(Kind.DYNAMIC, limit, ratio);
  }

  /** Whether predictions pass unchanged. */
  public boolean isOff() {
    return kind == Kind.NONE;
  }

  /** The clipped values of one image, in a new array. */
  public double[] apply(double[] denoised) {
    return switch (kind) {
      case NONE -> denoised.clone();
      case CLAMP -> clamped(denoised, limit, 1);
      case DYNAMIC -> {
        double s = Math.min(Math.max(quantile(denoised), 1), limit);
        yield clamped(denoised, s, s);
      }
    };
  }

  private static double[] clamped(double[] values, double limit, double divisor) {
    return Arrays.stream(values)
        .map(v -> Math.max(-limit, Math.min(limit, v)) / divisor)
        .toArray();
  }

  private double quantile(double[] values) {
    double[] sorted = Arrays.stream(values).map(Math::abs).sorted().toArray();
    double place = ratio * (sorted.length - 1);
    int below = (int) Math.floor(place);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
