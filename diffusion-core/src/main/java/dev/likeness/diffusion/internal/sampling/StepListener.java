package dev.likeness.diffusion.internal.sampling;

import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Tensor;

/**
 * Hears of each step as it ends; may throw {@link dev.likeness.diffusion.error.CancelledException}
 * to stop the run.
 */
@FunctionalInterface
public interface StepListener extends AutoCloseable {
  /** Hears nothing. */
  StepListener NONE = (step, of, latents, denoised) -> {};

  /**
   * A step has ended.
   *
   * @param of how many steps the run has
   * @param latents the sample after the step, [batch, channels, h, w] in f32
   * @param denoised what the network takes the finished sample to be at this row, guided and before
   *     clipping, same shape; both are valid during the call only
   */
  void onStep(Step step, int of, Tensor latents, Tensor denoised);

  /** The run has ended, well or not. */
  @Override
  default void close() {}
}
