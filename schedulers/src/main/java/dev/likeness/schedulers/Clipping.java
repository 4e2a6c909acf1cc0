package dev.likeness.schedulers;

import java.util.Arrays;

/**
 * Clipping of a denoised prediction before a row of a sampling plan uses it. Only three operations
 * of a row are not linear: the network call, clipping, and the scaling of noise by a
 * {@link Step.LearnedVariance}.
 *
 * @param kind the kind of clipping: no clipping, a fixed limit, or dynamic thresholding
 * @param limit the largest magnitude, above 0; for {@link Kind#DYNAMIC}, the largest threshold
 * @param ratio for {@link Kind#DYNAMIC}, the threshold as a quantile of the magnitudes, 0..1; for
 *     other kinds 0
 */
public record Clipping(Kind kind, double limit, double ratio) {
  /** No clipping. */
  public static final Clipping NONE = new Clipping(Kind.NONE, Double.POSITIVE_INFINITY, 0);

  /** Kinds of clipping. */
  public enum Kind {
    /** No clipping. */
    NONE,
    /** Every value is clamped to {@code -limit..limit}. */
    CLAMP,
    /**
     * Dynamic thresholding (Imagen, arXiv:2205.11487, section 2.3): the values of each image are
     * clamped to {@code -threshold..threshold} and then divided by the threshold. The threshold is
     * a quantile of the magnitudes of these values, limited to {@code 1..limit}.
     */
    DYNAMIC
  }

  /**
   * Checks that the limit is above 0 and the ratio in 0..1.
   *
   * @throws IllegalArgumentException if the limit is not above 0, or the ratio is not in 0..1
   */
  public Clipping {
    if (!(limit > 0) || !(ratio >= 0 && ratio <= 1)) {
      throw new IllegalArgumentException(
          "clipping needs a limit above 0 and a ratio in 0..1, got limit " + limit + " and ratio "
              + ratio);
    }
  }

  /**
   * {@return clipping of every value to {@code -limit..limit}}
   *
   * @param limit the largest magnitude after clipping, above 0
   * @throws IllegalArgumentException if the limit is not above 0
   */
  public static Clipping clamp(double limit) {
    return new Clipping(Kind.CLAMP, limit, 0);
  }

  /**
   * {@return dynamic thresholding: the threshold is a quantile of the magnitudes, limited to
   * {@code 1..limit}}
   *
   * @param ratio the quantile, 0..1 (diffusers: {@code dynamic_thresholding_ratio})
   * @param limit the largest threshold, above 0 (diffusers: {@code sample_max_value})
   * @throws IllegalArgumentException if the limit is not above 0, or the ratio is not in 0..1
   */
  public static Clipping dynamic(double ratio, double limit) {
    return new Clipping(Kind.DYNAMIC, limit, ratio);
  }

  /** {@return true if predictions are not clipped} */
  public boolean isOff() {
    return kind == Kind.NONE;
  }

  /**
   * {@return the clipped values of one image, in a new array}
   *
   * @param denoised the denoised prediction of one image, at least one value; not changed
   */
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
