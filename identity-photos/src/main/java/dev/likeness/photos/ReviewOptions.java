package dev.likeness.photos;

import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.quality.QualityLimits;

/**
 * Settings of a review.
 *
 * @param decodeLimits the largest files and images that are decoded
 * @param qualityLimits thresholds of the quality measures
 * @param threads number of photos reviewed at the same time, at least 1; each thread needs up to
 *     ten bytes of memory per pixel of the largest photo
 */
public record ReviewOptions(DecodeLimits decodeLimits, QualityLimits qualityLimits, int threads) {
  /**
   * Checks that there is at least one thread.
   *
   * @throws IllegalArgumentException if {@code threads} is below 1
   */
  public ReviewOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("a review needs at least 1 thread, got " + threads);
    }
  }

  /**
   * {@return options with the default limits and one thread per processor core, up to four threads}
   */
  public static ReviewOptions defaults() {
    return new ReviewOptions(
        DecodeLimits.DEFAULT,
        QualityLimits.DEFAULT,
        Math.min(4, Runtime.getRuntime().availableProcessors()));
  }

  /**
   * Returns a copy of these options with the given limits for decoding.
   *
   * @param limits the largest files and images that are decoded
   * @return new options
   */
  public ReviewOptions withDecodeLimits(DecodeLimits limits) {
    return new ReviewOptions(limits, qualityLimits, threads);
  }

  /**
   * Returns a copy of these options with the given thresholds of the quality measures.
   *
   * @param thresholds thresholds of the quality measures
   * @return new options
   */
  public ReviewOptions withQualityLimits(QualityLimits thresholds) {
    return new ReviewOptions(decodeLimits, thresholds, threads);
  }

  /**
   * Returns a copy of these options with the given number of threads.
   *
   * @param count number of photos reviewed at the same time, at least 1
   * @return new options
   * @throws IllegalArgumentException if {@code count} is below 1
   */
  public ReviewOptions withThreads(int count) {
    return new ReviewOptions(decodeLimits, qualityLimits, count);
  }
}
