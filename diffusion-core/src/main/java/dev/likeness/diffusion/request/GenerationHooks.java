package dev.likeness.diffusion.request;

import dev.likeness.diffusion.tensor.Latents;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Hooks in which a generation calls the caller's code.
 *
 * @param onStep a callback after each step, with the batch's latents; or null
 * @param engine hooks that work on tensors, or null; other modules provide them
 */
public record GenerationHooks(
    @Nullable Consumer<SampledStep> onStep, @Nullable Engine engine) {
  /** No hooks. */
  public static final GenerationHooks NONE = new GenerationHooks(null, null);

  /** Hooks of the sampling engine that work on tensors. The engine defines their methods. */
  public interface Engine {}

  /**
   * {@return these hooks with a callback after each step, which runs on the sampling thread}
   *
   * @param listener receives each finished step; null means no callback
   */
  public GenerationHooks onStep(@Nullable Consumer<SampledStep> listener) {
    return new GenerationHooks(listener, engine);
  }

  /**
   * {@return these hooks with other hooks of the sampling engine}
   *
   * @param other the hooks that work on tensors; null means no such hooks
   */
  public GenerationHooks engine(@Nullable Engine other) {
    return new GenerationHooks(onStep, other);
  }

  /**
   * A finished step of the sampling loop.
   *
   * @param index the row of the sampling plan, from 0; a solver that evaluates the network several
   *     times in a step has several rows for this step
   * @param total the number of rows
   * @param timestep the trained timestep
   * @param latents the latents after the step, one for each item of the batch
   * @param denoised the denoised predictions at this step, after guidance and before clipping, one
   *     for each item of the batch
   */
  public record SampledStep(
      int index, int total, double timestep, List<Latents> latents, List<Latents> denoised) {}
}
