package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.cudagraph.LaidOut;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Tensor;

/** The network as the sampler sees it; guidance, caching and tiling wrap one another here. */
@FunctionalInterface
public interface Predictor extends LaidOut {
  /**
   * The network's answer for {@code input}, the sample after the row's input scaling.
   *
   * @param input [batch, channels, h, w], f32
   * @return [batch, channels, h, w], f32, owned by the calling scope; of a guided network, for a
   *     row that asks for the answer without guidance too ({@code step.update().asksUnguided()}),
   *     twice the batch: all guided answers, then all of those
   */
  Tensor predict(Tensor input, Step step);
}
