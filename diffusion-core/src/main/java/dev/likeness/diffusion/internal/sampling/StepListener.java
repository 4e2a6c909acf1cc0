package dev.likeness.diffusion.internal.sampling;

import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Tensor;

/**
 * Receives each finished step; may throw {@link dev.likeness.diffusion.error.CancelledException} to
 * stop sampling.
 */
@FunctionalInterface
public interface StepListener extends AutoCloseable {
  /** Ignores every step. */
  StepListener NONE = (step, of, latents, denoised) -> {};

  /**
   * Receives a finished step. The tensors are valid during the call only.
   *
   * @param of the number of steps
   * @param latents the sample after the step, [batch, channels, h, w] in f32
   * @param denoised the denoised prediction of the row, guided and before clipping, same shape
   */
  void onStep(Step step, int of, Tensor latents, Tensor denoised);

  /** Called when sampling has ended, with or without failure. */
  @Override
  default void close() {}
}
