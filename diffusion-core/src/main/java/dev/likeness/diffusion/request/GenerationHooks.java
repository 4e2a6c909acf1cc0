package dev.likeness.diffusion.request;

import dev.likeness.diffusion.tensor.Latents;
import java.util.List;
import java.util.function.Consumer;

/**
 * Code of the caller that one generation calls.
 *
 * @param onStep called after each step with the batch's latents, or null
 * @param cudaGraph whether steps are captured as a CUDA graph and replayed, on the first graphics
 *     card; elsewhere, and where a memory plan streams the network's blocks, steps run as they come
 * @param engine hooks on tensors, which sister modules and research make, or null
 */
public record GenerationHooks(Consumer<SampledStep> onStep, boolean cudaGraph, Engine engine) {
  /** No code of the caller's. */
  public static final GenerationHooks NONE = new GenerationHooks(null, false, null);

  /** Hooks of the sampling engine on tensors. Opaque here. */
  public interface Engine {}

  /** With this called after each step. */
  public GenerationHooks onStep(Consumer<SampledStep> listener) {
    return new GenerationHooks(listener, cudaGraph, engine);
  }

  /** With steps captured as a CUDA graph and replayed. */
  public GenerationHooks withCudaGraph() {
    return new GenerationHooks(onStep, true, engine);
  }

  /** With these hooks of the sampling engine. */
  public GenerationHooks engine(Engine other) {
    return new GenerationHooks(onStep, cudaGraph, other);
  }

  /**
   * A step of the sampling loop that has ended.
   *
   * @param index from 0; a solver that evaluates the network several times has several rows of its
   *     plan for one step
   * @param total number of rows of the plan
   * @param timestep the trained timestep
   * @param latents the samples after the step, one for each image of the batch
   * @param denoised the predicted final samples at this step, guided and before clipping
   */
  public record SampledStep(
      int index, int total, double timestep, List<Latents> latents, List<Latents> denoised) {}
}
