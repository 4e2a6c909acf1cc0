package dev.likeness.diffusion.request;

import dev.likeness.diffusion.tensor.Latents;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Hooks in which a generation calls the caller's code.
 *
 * @param onStep a callback after each step, with the batch's latents
 * @param engine hooks that work on tensors; other modules provide them
 */
public record GenerationHooks(Optional<Consumer<SampledStep>> onStep, Optional<Engine> engine) {
  /** No hooks. */
  public static final GenerationHooks NONE =
      new GenerationHooks(Optional.empty(), Optional.empty());

  /** Hooks of the sampling engine that work on tensors. The engine defines their methods. */
  public interface Engine {}

  /**
   * {@return these hooks with a callback after each step, which runs on the sampling thread}
   *
   * @param listener receives each finished step
   */
  public GenerationHooks onStep(Consumer<SampledStep> listener) {
    return new GenerationHooks(Optional.of(listener), engine);
  }

  /** {@return these hooks without a callback after each step} */
  public GenerationHooks withoutOnStep() {
    return new GenerationHooks(Optional.empty(), engine);
  }

  /**
   * {@return a copy of these hooks with the given hooks of the sampling engine}
   *
   * @param other the hooks that work on tensors
   */
  public GenerationHooks engine(Engine other) {
    return new GenerationHooks(onStep, Optional.of(other));
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
