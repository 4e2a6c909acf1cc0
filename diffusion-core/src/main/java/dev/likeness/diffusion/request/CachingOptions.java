package dev.likeness.diffusion.request;

/**
 * Reduced work for nearly the same image: caching of network outputs, and token merging. Costs and
 * gains of each are measured in docs/benchmarks.md.
 *
 * @param kind what is cached
 * @param interval one of how many rows of the plan is computed in full, for the kinds that count
 *     rows
 * @param layers of a UNet's first level that are computed at every row, for the kinds that cache
 *     its deep layers
 * @param threshold largest change of the first block at which the other blocks' output is reused,
 *     for the first-block cache
 * @param mergeRatio share of the image's tokens that a UNet merges for self-attention, 0 to 0.75;
 *     beside any kind
 */
public record CachingOptions(
    Kind kind, int interval, int layers, double threshold, double mergeRatio) {
  /** No caching. */
  public static final CachingOptions NONE = new CachingOptions(Kind.NONE, 1, 0, 0, 0);

  /** What is cached. */
  public enum Kind {
    NONE,
    DEEP_CACHE,
    DEEP_FORECAST,
    EXTRAPOLATION,
    FIRST_BLOCK
  }

  public CachingOptions {
    if (interval < 1 || layers < 0 || !(threshold >= 0)) {
      throw new IllegalArgumentException("every " + interval + " rows, " + layers
          + " layers, a change of " + threshold + ": expected at least 1, 0 and 0");
    }
    if (!(mergeRatio >= 0 && mergeRatio <= 0.75)) {
      throw new IllegalArgumentException(
          "a share of tokens to merge must be in 0..0.75, got " + mergeRatio);
    }
  }

  /**
   * DeepCache (Ma et al. 2023, arXiv:2312.00858, section 3.3): computes a UNet's deep layers at one
   * of {@code interval} rows, and reuses their output at the rows between.
   *
   * @param layers of the first level that are computed at every row: the more, the closer and the
   *     slower. The first convolution and the last layer always are
   */
  public static CachingOptions deepCache(int every, int layers) {
    return new CachingOptions(Kind.DEEP_CACHE, every, layers, 0, 0);
  }

  /**
   * DeepCache whose cached output is extrapolated linearly at the rows between (first order of Liu
   * et al. 2025, arXiv:2503.06923, eq. 5, for the deep layers' features).
   */
  public static CachingOptions deepForecast(int every, int layers) {
    return new CachingOptions(Kind.DEEP_FORECAST, every, layers, 0, 0);
  }

  /**
   * Evaluates the network at rows whose distance grows by one from 1 to {@code interval}, further
   * where they lie close together in time. Between them its last two predictions are extrapolated
   * linearly over the timesteps (first order of Liu et al. 2025, arXiv:2503.06923, eq. 5, for whole
   * predictions). For every family.
   */
  public static CachingOptions extrapolation(int every) {
    return new CachingOptions(Kind.EXTRAPOLATION, every, 0, 0, 0);
  }

  /**
   * The first-block cache of chengzeyi/ParaAttention, as diffusers' {@code FirstBlockCacheConfig}
   * has it: evaluates a transformer's first block at every row, and the others if the first block's
   * residual has changed by more than {@code threshold} since they were evaluated last. 0.05 to 0.2
   * is usual. Each image has a batch of its own. For Stable Diffusion 3 and FLUX.
   */
  public static CachingOptions firstBlock(double threshold) {
    return new CachingOptions(Kind.FIRST_BLOCK, 1, 0, threshold, 0);
  }

  /**
   * With token merging too (Bolya and Hoffman 2023, arXiv:2303.17604, section 4): a UNet merges
   * this share of the image's tokens, 0 to 0.75, for self-attention at the largest level that
   * attends.
   */
  public CachingOptions tokenMerging(double share) {
    return new CachingOptions(kind, interval, layers, threshold, share);
  }

  /** Whether the deep layers of a UNet are computed in some rows only. */
  public boolean isDeep() {
    return kind == Kind.DEEP_CACHE || kind == Kind.DEEP_FORECAST;
  }
}
