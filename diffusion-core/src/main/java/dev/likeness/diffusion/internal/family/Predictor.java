package dev.likeness.diffusion.internal.family;

import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Tensor;

/** The network as the sampling loop calls it. Guidance, caching and tiling wrap one another. */
@FunctionalInterface
public interface Predictor {
  /**
   * The network's output for a sample after input scaling.
   *
   * @param input [batch, channels, h, w], f32
   * @return [batch, channels, h, w], f32, owned by the calling scope; of a guided network, twice
   *     the batch for a row that needs unguided predictions
   *     ({@code step.update().needsUnguided()}): all guided, then all unguided
   */
  Tensor predict(Tensor input, Step step);
}
