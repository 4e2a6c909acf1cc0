package dev.likeness.photos;

import dev.likeness.photos.decode.DecodeLimits;

/**
 * How a review works.
 *
 * @param decode what a file may cost
 * @param threads how many photos are looked at at once; each takes up to ten bytes a pixel of the largest photo
 */
public record ReviewOptions(DecodeLimits decode, int threads) {
  public ReviewOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("a review needs at least one thread, given " + threads);
    }
  }

  /** {@link DecodeLimits#DEFAULT} and one thread a core, at most four. */
  public static ReviewOptions defaults() {
    return new ReviewOptions(DecodeLimits.DEFAULT, Math.min(4, Runtime.getRuntime().availableProcessors()));
  }

  public ReviewOptions withDecode(DecodeLimits limits) {
    return new ReviewOptions(limits, threads);
  }

  public ReviewOptions withThreads(int count) {
    return new ReviewOptions(decode, count);
  }
}
