package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.tensor.CachedTensor;
import dev.likeness.diffusion.request.CachingOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The cached output of a UNet's deep layers, for rows that compute only the shallow ones
 * (DeepCache, Ma et al. 2023, arXiv:2312.00858). For one generation, on one thread, within the
 * scope that it was created in.
 */
public final class DeepCache {
  /**
   * With extrapolation, this many first calls compute all layers, because they decide the
   * composition.
   */
  private static final int WARMUP_CALLS = 2;

  private final int interval;
  private final int layers;
  private final boolean forecast;
  private final CachedTensor cached = new CachedTensor();
  private final CachedTensor previous = new CachedTensor();
  private int lastRow;
  private int calls;
  private int cachedAt;
  private int previousAt;

  /**
   * Creates an empty cache.
   *
   * @param interval the number of calls that share an output of the deep layers
   * @param layers number of layers of the first level that are computed at every call
   * @param forecast true if the last two outputs are extrapolated linearly; false if the last
   *     output is used again
   */
  public DeepCache(int interval, int layers, boolean forecast) {
    this.interval = interval;
    this.layers = layers;
    this.forecast = forecast;
  }

  /**
   * The cache for a generation with these options, or null for none; belongs to the calling scope.
   */
  public static DeepCache of(CachingOptions options) {
    return options.isDeep()
        ? new DeepCache(
            options.interval(),
            options.layers(),
            options.kind() == CachingOptions.Kind.DEEP_FORECAST)
        : null;
  }

  /** Starts a row of the plan. After rows without this network, the cache is outdated. */
  public void startRow(int row) {
    calls = row == lastRow + 1 ? calls : 0;
    lastRow = row;
  }

  /** Counts a call of the network. Returns true if the cache applies. */
  boolean shouldUseCache() {
    int row = calls++;
    return forecast
        ? row >= WARMUP_CALLS && (row - WARMUP_CALLS + 1) % interval != 0
        : row % interval != 0;
  }

  int layers() {
    return layers;
  }

  /** The cached or extrapolated output of the deep layers; the calling scope owns it. */
  Tensor cached() {
    if (previous.tensor() == null) {
      return cached.tensor().alias();
    }
    double factor = (double) (calls - 1 - cachedAt) / (cachedAt - previousAt);
    return cached.tensor().add(cached.tensor().sub(previous.tensor()), new Scalar(factor));
  }

  void update(Tensor features) {
    if (forecast && cached.tensor() != null) {
      previous.replace(cached.tensor().clone());
      previousAt = cachedAt;
    }
    cached.replace(features.clone());
    cachedAt = calls - 1;
  }
}
