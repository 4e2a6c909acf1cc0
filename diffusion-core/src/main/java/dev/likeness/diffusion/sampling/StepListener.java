package dev.likeness.diffusion.sampling;

import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Tensor;

/** Hears of each step as it ends; may throw {@link dev.likeness.diffusion.error.Cancelled} to stop the run. */
@FunctionalInterface
public interface StepListener {
  /** Hears nothing. */
  StepListener NONE = (step, of, latents) -> { };

  /**
   * A step has ended.
   *
   * @param of how many steps the run has
   * @param latents the sample after the step, [batch, channels, h, w] in f32; valid during the call only
   */
  void onStep(Step step, int of, Tensor latents);
}
