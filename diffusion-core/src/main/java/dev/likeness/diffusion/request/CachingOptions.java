package dev.likeness.diffusion.request;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.stablediffusion.DeepCache;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.sampling.ExtrapolatedPredictor;
import dev.likeness.schedulers.SamplingPlan;

/**
 * Work that a run leaves out, for a picture that is nearly the same; what each costs and gains is
 * measured in docs/performance.md.
 *
 * @param kind what is left out
 * @param every of how many rows of the plan one is computed in full, for the kinds that count rows
 * @param layers of a UNet's first level that are computed at every row, for the kinds that ask its
 *     deep layers seldom
 * @param threshold up to which change of the first block the others are left out, for the
 *     first-block cache
 * @param merged the share of a picture's tokens that a UNet merges for self-attention, 0 to 0.75;
 *     beside any kind
 */
public record CachingOptions(Kind kind, int every, int layers, double threshold, double merged) {
  /** Nothing is left out. */
  public static final CachingOptions NONE = new CachingOptions(Kind.NONE, 1, 0, 0, 0);

  /** What is left out. */
  public enum Kind {
    NONE,
    DEEP_CACHE,
    DEEP_FORECAST,
    EXTRAPOLATION,
    FIRST_BLOCK
  }

  public CachingOptions {
    if (every < 1 || layers < 0 || !(threshold >= 0)) {
      throw new IllegalArgumentException("every " + every + " rows, " + layers
          + " layers, a change of " + threshold + ": expected at least 1, 0 and 0");
    }
    new Adaptation.MergedTokens(merged);
  }

  /**
   * Asks a UNet's deep layers at one of {@code every} rows, and keeps their answer for the rows
   * between (DeepCache, Ma et al. 2023, arXiv:2312.00858, section 3.3).
   *
   * @param layers of the first level that are computed at every row; the more, the closer and the
   *     slower. The first convolution and the last layer always are
   */
  public static CachingOptions deepCache(int every, int layers) {
    return new CachingOptions(Kind.DEEP_CACHE, every, layers, 0, 0);
  }

  /**
   * The same, but what the deep layers said last is continued in a straight line over the rows
   * between, instead of kept (first order of Liu et al. 2025, arXiv:2503.06923, eq. 5, for the deep
   * layers' features).
   */
  public static CachingOptions deepForecast(int every, int layers) {
    return new CachingOptions(Kind.DEEP_FORECAST, every, layers, 0, 0);
  }

  /**
   * Asks the network at rows whose distance grows by one from 1 to {@code every}, further where
   * they lie close together in time; between, continues its last two answers in a straight line
   * over the timesteps (first order of Liu et al. 2025, arXiv:2503.06923, eq. 5, for whole
   * answers). For every family.
   */
  public static CachingOptions extrapolation(int every) {
    return new CachingOptions(Kind.EXTRAPOLATION, every, 0, 0, 0);
  }

  /**
   * Asks a transformer's first block at every row, and the others where what the first adds to the
   * picture's tokens has changed by more than {@code threshold} since they were asked last; 0.05 to
   * 0.2 is usual (the first-block cache of chengzeyi/ParaAttention, as diffusers'
   * {@code FirstBlockCacheConfig} has it). Each picture has a pass of its own. For Stable Diffusion
   * 3 and FLUX.
   */
  public static CachingOptions firstBlock(double threshold) {
    return new CachingOptions(Kind.FIRST_BLOCK, 1, 0, threshold, 0);
  }

  /**
   * The same, and a UNet merges this share of the picture's tokens, 0 to 0.75, for self-attention
   * at the largest level that attends (token merging, Bolya and Hoffman 2023, arXiv:2303.17604,
   * section 4).
   */
  public CachingOptions merging(double share) {
    return new CachingOptions(kind, every, layers, threshold, share);
  }

  public Predictor around(Predictor network, SamplingPlan plan) {
    return kind == Kind.EXTRAPOLATION && every > 1
        ? new ExtrapolatedPredictor(network, every, plan)
        : network;
  }

  /** What a run of a UNet remembers, or null; it belongs to the calling scope. */
  public DeepCache features() {
    return isDeep() ? new DeepCache(every, layers, kind == Kind.DEEP_FORECAST) : null;
  }

  /** What a run of a transformer remembers, or null; it belongs to the calling scope. */
  public FirstBlockCache firstBlocks() {
    return kind == Kind.FIRST_BLOCK ? new FirstBlockCache(threshold) : null;
  }

  /** What it adds to a UNet. */
  public Adaptation merging() {
    return merged == 0 ? Adaptation.NONE : new Adaptation.MergedTokens(merged);
  }

  private boolean isDeep() {
    return kind == Kind.DEEP_CACHE || kind == Kind.DEEP_FORECAST;
  }

  /** Refuses to leave out what a model's family cannot do without. */
  public void requireFor(OpenModel denoiser) {
    if ((isDeep() || merged > 0) && !denoiser.hasShallowWay()) {
      throw new IllegalArgumentException((isDeep() ? "DeepCache is" : "token merging is")
          + " for UNets; approximate a transformer by extrapolation");
    }
    if (kind == Kind.FIRST_BLOCK && !denoiser.isOfBlocks()) {
      throw new IllegalArgumentException(
          "the first-block cache is for Stable Diffusion 3 and FLUX; approximate this model by"
              + " extrapolation");
    }
  }
}
