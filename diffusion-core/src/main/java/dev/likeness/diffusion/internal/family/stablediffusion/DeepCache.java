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
   * Where features are continued, so many calls ask all layers first: they decide what the picture
   * becomes.
   */
  private static final int FIRST = 2;

  private final int every;
  private final int layers;
  private final boolean forecast;
  private final CachedTensor said = new CachedTensor();
  private final CachedTensor before = new CachedTensor();
  private int last;
  private int asked;
  private int saidAt;
  private int beforeAt;

  /**
   * Nothing said yet.
   *
   * @param every how many calls of the network share an answer of the deep layers
   * @param layers of the first level that are computed at every call
   * @param forecast whether the last two answers are continued in a straight line over the calls
   *     between, rather than the last one kept
   */
  public DeepCache(int every, int layers, boolean forecast) {
    this.every = every;
    this.layers = layers;
    this.forecast = forecast;
  }

  /** For a run of these options, or null where they ask for none; belongs to the calling scope. */
  public static DeepCache of(CachingOptions options) {
    return options.isDeep()
        ? new DeepCache(
            options.every(), options.layers(), options.kind() == CachingOptions.Kind.DEEP_FORECAST)
        : null;
  }

  /**
   * Told the row of the plan that is asked next; after rows without this network what was said is
   * too old.
   */
  public void at(int row) {
    asked = row == last + 1 ? asked : 0;
    last = row;
  }

  /** Counts a call of the network, and tells whether it can do with what was said. */
  boolean serve() {
    int row = asked++;
    return forecast ? row >= FIRST && (row - FIRST + 1) % every != 0 : row % every != 0;
  }

  int layers() {
    return layers;
  }

  /** What the deep layers would say now; the calling scope owns it. */
  Tensor said() {
    if (before.tensor() == null) {
      return said.tensor().alias();
    }
    double way = (double) (asked - 1 - saidAt) / (saidAt - beforeAt);
    return said.tensor().add(said.tensor().sub(before.tensor()), new Scalar(way));
  }

  void say(Tensor features) {
    if (forecast && said.tensor() != null) {
      before.replace(said.tensor().clone());
      beforeAt = saidAt;
    }
    said.replace(features.clone());
    saidAt = asked - 1;
  }
}
