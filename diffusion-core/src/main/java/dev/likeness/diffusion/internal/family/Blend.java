package dev.likeness.diffusion.internal.family;

import dev.likeness.schedulers.SamplingPlan;
import org.bytedeco.pytorch.Tensor;

/**
 * What is put into a sample between two rows: the kept part of a picture, while the rest is drawn.
 */
@FunctionalInterface
public interface Blend {
  /** Puts nothing in. */
  Blend NONE = (sample, plan, row) -> sample;

  /**
   * The sample with something put into it; {@code sample} itself when that is nothing.
   *
   * @param sample what the last row made, [batch, channels, h, w], f32
   * @param row the row that is given the result; {@code plan.size()} after the last one, where no
   *     noise is left
   * @return the same shape, owned by the calling scope
   */
  Tensor into(Tensor sample, SamplingPlan plan, int row);
}
