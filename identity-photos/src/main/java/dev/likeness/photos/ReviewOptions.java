package dev.likeness.photos;

import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.quality.QualityLimits;

/**
 * Settings of a review.
 *
 * @param decodeLimits limits of decoding
 * @param qualityLimits thresholds of the measures
 * @param threads number of photos that are reviewed at once; each needs up to ten bytes per pixel
 *     of the largest photo
 */
public record ReviewOptions(DecodeLimits decodeLimits, QualityLimits qualityLimits, int threads) {
  public ReviewOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("a review needs at least one thread, given " + threads);
    }
  }

  /** {@link DecodeLimits#DEFAULT} and one thread a core, at most four. */
  public static ReviewOptions defaults() {
    return new ReviewOptions(
        DecodeLimits.DEFAULT,
        QualityLimits.DEFAULT,
        Math.min(4, Runtime.getRuntime().availableProcessors()));
  }

  /** The same with other limits of what a file may cost. */
  public ReviewOptions withDecodeLimits(DecodeLimits cost) {
    return new ReviewOptions(cost, qualityLimits, threads);
  }

  /** The same with other thresholds. */
  public ReviewOptions withQualityLimits(QualityLimits thresholds) {
    return new ReviewOptions(decodeLimits, thresholds, threads);
  }

  /** The same with so many photos looked at at once. */
  public ReviewOptions withThreads(int count) {
    return new ReviewOptions(decodeLimits, qualityLimits, count);
  }
}
