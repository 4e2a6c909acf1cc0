package dev.likeness.diffusion.unet;

import dev.likeness.diffusion.tensor.Carried;
import org.bytedeco.pytorch.Tensor;

/**
 * What a UNet's deep layers last said, for rows of a run at which only its shallow ones are asked (DeepCache, Ma et al.
 * 2023, arXiv:2312.00858). One run's, on one thread; dies with the scope that it was made in.
 */
public final class DeepFeatures {
  private final int every;
  private final int layers;
  private final Carried said = new Carried();
  private int asked;

  /**
   * Nothing said yet.
   *
   * @param every how many calls of the network share an answer of the deep layers
   * @param layers of the first level that are computed at every call
   */
  public DeepFeatures(int every, int layers) {
    this.every = every;
    this.layers = layers;
  }

  /** Counts a call of the network, and tells whether it can do with what was said. */
  boolean serve() {
    return asked++ % every != 0;
  }

  int layers() {
    return layers;
  }

  Tensor said() {
    return said.tensor();
  }

  void say(Tensor features) {
    said.replace(features.clone());
  }
}
