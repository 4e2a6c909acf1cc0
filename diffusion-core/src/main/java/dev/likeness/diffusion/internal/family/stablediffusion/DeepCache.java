package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.tensor.CachedTensor;
import dev.likeness.diffusion.request.CachingOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * What a UNet's deep layers last said, for rows of a run at which only its shallow ones are asked
 * (DeepCache, Ma et al. 2023, arXiv:2312.00858). One run's, on one thread; dies with the scope that
 * it was made in.
 */
public final class DeepCache {
  /**
   * Where features are continued, so many calls ask all layers first: they decide what the image
   * becomes.
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
   * Nothing said yet.
   *
   * @param every how many calls of the network share an answer of the deep layers
   * @param layers of the first level that are computed at every call
   * @param forecast whether the last two answers are continued in a straight line over the calls
   *     between, rather than the last one kept
   */
  public DeepCache(int every, int layers, boolean forecast) {
    this.interval = every;
    this.layers = layers;
    this.forecast = forecast;
  }

  /** For a run of these options, or null where they ask for none; belongs to the calling scope. */
  public static DeepCache of(CachingOptions options) {
    return options.isDeep()
        ? new DeepCache(
            options.interval(),
            options.layers(),
            options.kind() == CachingOptions.Kind.DEEP_FORECAST)
        : null;
  }

  /**
   * Told the row of the plan that is asked next; after rows without this network what was said is
   * too old.
   */
  public void startRow(int row) {
    calls = row == lastRow + 1 ? calls : 0;
    lastRow = row;
  }

  /** Counts a call of the network, and tells whether it can do with what was said. */
  boolean shouldUseCache() {
    int row = calls++;
    return forecast
        ? row >= WARMUP_CALLS && (row - WARMUP_CALLS + 1) % interval != 0
        : row % interval != 0;
  }

  int layers() {
    return layers;
  }

  /** What the deep layers would say now; the calling scope owns it. */
  Tensor cached() {
    if (previous.tensor() == null) {
      return cached.tensor().alias();
    }
    double way = (double) (calls - 1 - cachedAt) / (cachedAt - previousAt);
    return cached.tensor().add(cached.tensor().sub(previous.tensor()), new Scalar(way));
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
