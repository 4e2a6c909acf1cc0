package dev.likeness.benchmarks.gpu;

import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch_cuda;
import org.bytedeco.pytorch.global.torch_cuda.SyncDebugMode;

/**
 * Makes libtorch throw if the host waits for the GPU between the end of the first step and the end
 * of the last. Steps of a CPU are counted alone.
 */
record LoopWatch(ProofModels models, int[] steps) implements StepListener {
  GenerationHooks hooks() {
    return EngineHooks.ofListener(this);
  }

  @Override
  public void onStep(Step step, int of, Tensor latents, Tensor denoised) {
    if (step.index() == of - 1) {
      allow(models);
    } else if (!models.isCpu()) {
      torch_cuda.warning_state().set_sync_debug_mode(SyncDebugMode.L_ERROR);
    }
    steps[0] += step.index() > 0 ? 1 : 0;
  }

  /** Allows waiting again. */
  static void allow(ProofModels models) {
    if (!models.isCpu()) {
      torch_cuda.warning_state().set_sync_debug_mode(SyncDebugMode.L_DISABLED);
    }
  }
}
