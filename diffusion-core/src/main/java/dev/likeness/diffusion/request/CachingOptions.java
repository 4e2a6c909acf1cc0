package dev.likeness.diffusion.request;

/**
 * Options that reduce the work and change the image: caching of network outputs, and token merging.
 *
 * @param kind the kind of values that are cached
 * @param interval the distance from one full computation to the next, in rows of the sampling plan;
 *     at least 1. Without caching, each row is a network call. For {@link #extrapolation}, the
 *     distance starts at 1 and grows to {@code interval}. Kinds without an interval ignore this
 *     value
 * @param layers how many layers of a UNet's first level are computed at every row, at least 0. Only
 *     kinds that cache deep layers use it
 * @param threshold the largest relative change, at least 0, of the first block's residual. Up to
 *     this change, the other blocks' output is reused. Only the first-block cache uses it
 * @param mergeRatio the share of image tokens that a UNet merges for self-attention, 0..0.75. It
 *     applies to every kind
 */
public record CachingOptions(
    Kind kind, int interval, int layers, double threshold, double mergeRatio) {
  /** Nothing is cached. */
  public static final CachingOptions NONE = new CachingOptions(Kind.NONE, 1, 0, 0, 0);

  /** The kinds of values that are cached. */
  public enum Kind {
    /** Nothing is cached. */
    NONE,
    /** The deep layers of a UNet; see {@link #deepCache}. */
    DEEP_CACHE,
    /** The deep layers of a UNet, extrapolated; see {@link #deepForecast}. */
    DEEP_FORECAST,
    /** The predictions of the network, extrapolated; see {@link #extrapolation}. */
    EXTRAPOLATION,
    /** All blocks of a transformer except the first; see {@link #firstBlock}. */
    FIRST_BLOCK
  }

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a number is out of its range
   */
  public CachingOptions {
    if (interval < 1 || layers < 0 || !(threshold >= 0)) {
      throw new IllegalArgumentException(
          "caching needs an interval of at least 1, at least 0 layers and a threshold of at least"
              + " 0, got interval "
              + interval + ", layers " + layers + " and threshold " + threshold);
    }
    if (!(mergeRatio >= 0 && mergeRatio <= 0.75)) {
      throw new IllegalArgumentException(
          "the share of merged tokens must be in 0..0.75, got " + mergeRatio);
    }
  }

  /**
   * {@return the options of DeepCache} DeepCache computes a UNet's deep layers at every
   * {@code interval}-th row (network call) of the sampling plan. All other rows reuse the last
   * output of these layers.
   *
   * <p>Source: Ma et al. 2023, arXiv:2312.00858, section 3.3.
   *
   * @param interval the distance from one full computation to the next, in rows of the sampling
   *     plan; at least 1
   * @param layers how many layers of the UNet's first level are computed at every row, at least 0.
   *     A larger number is slower and closer to the full result; the first convolution and the last
   *     layer are always computed
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static CachingOptions deepCache(int interval, int layers) {
    return new CachingOptions(Kind.DEEP_CACHE, interval, layers, 0, 0);
  }

  /**
   * {@return options that compute a UNet's deep layers only at some rows (network calls) of the
   * sampling plan} At all other rows, the output of these layers is extrapolated linearly;
   * {@link #deepCache} reuses the last output instead.
   *
   * <p>Source: Liu et al. 2025, arXiv:2503.06923, equation 5, first order, for the features of the
   * deep layers.
   *
   * @param interval the distance from one full computation to the next, in rows of the sampling
   *     plan; at least 1
   * @param layers how many layers of the UNet's first level are computed at every row, at least 0
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static CachingOptions deepForecast(int interval, int layers) {
    return new CachingOptions(Kind.DEEP_FORECAST, interval, layers, 0, 0);
  }

  /**
   * {@return options that skip network calls and extrapolate the prediction linearly over the
   * timesteps, from the last two network calls} This kind of caching works for every model family.
   *
   * <p>The distance from one network call to the next, in rows of the sampling plan, starts at 1.
   * From the third call on, the distance grows by one with each call, up to {@code interval}. There
   * is one exception: where timesteps are close together, the distance can exceed {@code interval}.
   * Source: Liu et al. 2025, arXiv:2503.06923, equation 5, first order, for whole predictions.
   *
   * @param interval the largest regular distance from one network call to the next, in rows of the
   *     sampling plan; at least 1
   * @throws IllegalArgumentException if the interval is less than 1
   */
  public static CachingOptions extrapolation(int interval) {
    return new CachingOptions(Kind.EXTRAPOLATION, interval, 0, 0, 0);
  }

  /**
   * {@return the options of the first-block cache, for Stable Diffusion 3, FLUX.1, FLUX.2 and
   * Chroma}
   *
   * <p>A transformer's first block is evaluated at every row (network call) of the sampling plan.
   * If the first block's residual has changed by more than {@code threshold} since the last full
   * evaluation, the other blocks are evaluated too. Otherwise their last output is reused. With
   * this cache, every image is sampled in a separate batch. Source: chengzeyi/ParaAttention;
   * diffusers' {@code FirstBlockCacheConfig}.
   *
   * @param threshold the largest relative change up to which output is reused, at least 0; 0.05 to
   *     0.2 is usual
   * @throws IllegalArgumentException if the threshold is negative or NaN
   */
  public static CachingOptions firstBlock(double threshold) {
    return new CachingOptions(Kind.FIRST_BLOCK, 1, 0, threshold, 0);
  }

  /**
   * {@return these options with token merging: a UNet merges image tokens for self-attention at the
   * highest-resolution level that has attention}
   *
   * <p>Source: Bolya and Hoffman 2023, arXiv:2303.17604, section 4.
   *
   * @param share the share of tokens that is merged, 0..0.75
   * @throws IllegalArgumentException if the share is not in 0..0.75
   */
  public CachingOptions tokenMerging(double share) {
    return new CachingOptions(kind, interval, layers, threshold, share);
  }

  /**
   * {@return true if the deep layers of a UNet are cached and computed only at some rows of the
   * sampling plan}
   */
  public boolean isDeep() {
    return kind == Kind.DEEP_CACHE || kind == Kind.DEEP_FORECAST;
  }
}
