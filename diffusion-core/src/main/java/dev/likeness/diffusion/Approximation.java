package dev.likeness.diffusion;

import dev.likeness.diffusion.sampling.Extrapolated;
import dev.likeness.diffusion.sampling.NoisePredictor;
import dev.likeness.diffusion.unet.DeepFeatures;
import dev.likeness.schedulers.SamplingPlan;

/**
 * Work that a run leaves out, for a picture that is nearly the same; what each costs and gains is measured in
 * docs/performance.md.
 *
 * @param kind what is left out
 * @param every of how many rows of the plan one is computed in full
 * @param layers of a UNet's first level that are computed at every row, for the kinds that ask its deep layers seldom
 */
public record Approximation(Kind kind, int every, int layers) {
  /** Nothing is left out. */
  public static final Approximation NONE = new Approximation(Kind.NONE, 1, 0);

  /** What is left out. */
  public enum Kind { NONE, DEEP_CACHE, DEEP_FORECAST, EXTRAPOLATION }

  public Approximation {
    if (every < 1 || layers < 0) {
      throw new IllegalArgumentException("every " + every + " rows, " + layers + " layers: expected at least 1 and 0");
    }
  }

  /**
   * Asks a UNet's deep layers at one of {@code every} rows, and keeps their answer for the rows between (DeepCache, Ma et
   * al. 2023, arXiv:2312.00858, section 3.3).
   *
   * @param layers of the first level that are computed at every row; the more, the closer and the slower. The first
   *     convolution and the last layer always are
   */
  public static Approximation deepCache(int every, int layers) {
    return new Approximation(Kind.DEEP_CACHE, every, layers);
  }

  /**
   * The same, but what the deep layers said last is continued in a straight line over the rows between, instead of kept
   * (first order of Liu et al. 2025, arXiv:2503.06923, eq. 5, for the deep layers' features).
   */
  public static Approximation deepForecast(int every, int layers) {
    return new Approximation(Kind.DEEP_FORECAST, every, layers);
  }

  /**
   * Asks the network at the first rows, then at one of {@code every}, fewer where they lie close together in time; between,
   * continues its last two answers in a straight line over the timesteps (first order of Liu et al. 2025, arXiv:2503.06923,
   * eq. 5, for whole answers). For every family.
   */
  public static Approximation extrapolation(int every) {
    return new Approximation(Kind.EXTRAPOLATION, every, 0);
  }

  NoisePredictor around(NoisePredictor network, SamplingPlan plan) {
    return kind == Kind.EXTRAPOLATION && every > 1 ? new Extrapolated(network, every, plan) : network;
  }

  /** What a run of a UNet remembers, or null; it belongs to the calling scope. */
  DeepFeatures features() {
    return isDeep() ? new DeepFeatures(every, layers, kind == Kind.DEEP_FORECAST) : null;
  }

  private boolean isDeep() {
    return kind == Kind.DEEP_CACHE || kind == Kind.DEEP_FORECAST;
  }

  /** Refuses to leave out what a model's family cannot do without. */
  void requireFor(Denoiser denoiser) {
    if (isDeep() && !denoiser.hasShallowWay()) {
      throw new IllegalArgumentException("DeepCache is for UNets; approximate a transformer by extrapolation");
    }
  }
}
