package dev.likeness.diffusion.request;

/**
 * Options that reduce work for nearly the same image: caching of network outputs, and token
 * merging.
 *
 * @param kind the values that are cached
 * @param interval for the kinds with an interval: the largest number of rows of the sampling plan
 *     from one full computation to the next; at least 1
 * @param layers for the kinds that cache a UNet's deep layers: the number of layers of the first
 *     level that are computed at every row; at least 0
 * @param threshold for the first-block cache: the largest relative change of the first block's
 *     residual at which the other blocks' output is reused; at least 0
 * @param mergeRatio the share of image tokens that a UNet merges for self-attention, 0..0.75; for
 *     every kind
 */
public record CachingOptions(
    Kind kind, int interval, int layers, double threshold, double mergeRatio) {
  /** No caching. */
  public static final CachingOptions NONE = new CachingOptions(Kind.NONE, 1, 0, 0, 0);

  /** The values that are cached. */
  public enum Kind {
    /** No caching. */
    NONE,
    /** The deep layers of a UNet; see {@link #deepCache}. */
    DEEP_CACHE,
    /** The deep layers of a UNet, extrapolated; see {@link #deepForecast}. */
    DEEP_FORECAST,
    /** The predictions of the network, extrapolated; see {@link #extrapolation}. */
    EXTRAPOLATION,
    /** All blocks of a transformer but the first; see {@link #firstBlock}. */
    FIRST_BLOCK
  }

  /**
   * Checks the ranges.
   *
   * @param kind the component {@code kind}
   * @param interval the component {@code interval}
   * @param layers the component {@code layers}
   * @param threshold the component {@code threshold}
   * @param mergeRatio the component {@code mergeRatio}
   * @throws IllegalArgumentException if a number is out of its range
   */
  public CachingOptions {
    if (interval < 1 || layers < 0 || !(threshold >= 0)) {
      throw new IllegalArgumentException(
          "caching needs an interval of at least 1 and layers and threshold of at least 0, got "
              + interval + ", " + layers + " and " + threshold);
    }
    if (!(mergeRatio >= 0 && mergeRatio <= 0.75)) {
      throw new IllegalArgumentException(
          "the share of merged tokens must be in 0..0.75, got " + mergeRatio);
    }
  }

  /**
   * {@return the options of DeepCache} DeepCache computes a UNet's deep layers at every
   * {@code interval}-th row of the sampling plan. The rows between reuse their last output.
   *
   * <p>Source: Ma et al. 2023, arXiv:2312.00858, section 3.3.
   *
   * @param interval the number of rows from one full computation to the next, at least 1
   * @param layers the number of layers of the first level that are computed at every row, at least
   *     0. More layers are slower and closer to the full result; the first convolution and the last
   *     layer are always computed
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static CachingOptions deepCache(int interval, int layers) {
    return new CachingOptions(Kind.DEEP_CACHE, interval, layers, 0, 0);
  }

  /**
   * {@return the options of DeepCache with a cached output that is extrapolated linearly between
   * the computed rows}
   *
   * <p>Source: Liu et al. 2025, arXiv:2503.06923, equation 5, first order, for the features of the
   * deep layers.
   *
   * @param interval the number of rows from one full computation to the next, at least 1
   * @param layers the number of layers of the first level that are computed at every row, at least
   *     0
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static CachingOptions deepForecast(int interval, int layers) {
    return new CachingOptions(Kind.DEEP_FORECAST, interval, layers, 0, 0);
  }

  /**
   * {@return options that extrapolate whole predictions linearly over the timesteps, from the last
   * two evaluations} They apply to every family.
   *
   * <p>The distance of evaluated rows grows by one from 1 to {@code interval}. It grows further
   * where rows lie close together in time. Source: Liu et al. 2025, arXiv:2503.06923, equation 5,
   * first order, for whole predictions.
   *
   * @param interval the largest distance of two evaluated rows, at least 1
   * @throws IllegalArgumentException if the interval is less than 1
   */
  public static CachingOptions extrapolation(int interval) {
    return new CachingOptions(Kind.EXTRAPOLATION, interval, 0, 0, 0);
  }

  /**
   * {@return the options of the first-block cache, for Stable Diffusion 3 and FLUX}
   *
   * <p>A transformer's first block is evaluated at every row. The other blocks are evaluated if the
   * first block's residual has changed by more than {@code threshold} since their last evaluation.
   * Each image has a batch of its own. Source: chengzeyi/ParaAttention; diffusers'
   * {@code FirstBlockCacheConfig}.
   *
   * @param threshold the largest relative change, at least 0; 0.05 to 0.2 is usual
   * @throws IllegalArgumentException if the threshold is negative
   */
  public static CachingOptions firstBlock(double threshold) {
    return new CachingOptions(Kind.FIRST_BLOCK, 1, 0, threshold, 0);
  }

  /**
   * {@return these options with token merging: a UNet merges image tokens for self-attention at its
   * largest attending level}
   *
   * <p>Source: Bolya and Hoffman 2023, arXiv:2303.17604, section 4.
   *
   * @param share the share of tokens that is merged, 0..0.75
   * @throws IllegalArgumentException if the share is not in 0..0.75
   */
  public CachingOptions tokenMerging(double share) {
    return new CachingOptions(kind, interval, layers, threshold, share);
  }

  /** {@return true if a UNet's deep layers are computed in some rows only} */
  public boolean isDeep() {
    return kind == Kind.DEEP_CACHE || kind == Kind.DEEP_FORECAST;
  }
}
