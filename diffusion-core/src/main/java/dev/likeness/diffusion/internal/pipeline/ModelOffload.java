package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.cudagraph.StepRunner;
import dev.likeness.diffusion.internal.family.OpenNetworks;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.MemoryPlan;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.List;

/**
 * Memory of the base's components between the stages (diffusers: model offload).
 *
 * @param plan what the base's memory is planned for, or null
 * @param savesMemory whether components are freed once no stage of this call needs them
 */
public record ModelOffload(OpenNetworks model, MemoryPlan plan, boolean savesMemory) {
  /** Images in one batch; more only cost memory. */
  private static final int BATCH = 4;

  private static final List<ModelComponent> NETWORK =
      List.of(ModelComponent.UNET, ModelComponent.TRANSFORMER);

  /** Refuses a request that does not fit into a planned memory. */
  void requireMemory(ImageRequest request, boolean guided) {
    if (plan != null) {
      boolean twice = guided && !request.guidanceOptions().sequential();
      plan.require(request.width(), request.height(), twice ? 2 : 1);
    }
  }

  /**
   * The largest batch of such requests. A first-block cache decides for its whole batch, which
   * would change images.
   */
  int batchSize(ImageRequest request) {
    return plan != null || request.caching().kind() == CachingOptions.Kind.FIRST_BLOCK ? 1 : BATCH;
  }

  /**
   * Runs steps: plainly if blocks are streamed, since a captured graph would read freed memory. The
   * caller closes it.
   */
  StepRunner runner(GenerationHooks hooks) {
    return model.weights(model.denoiser()).isStreamed()
        ? StepRunner.EAGER
        : EngineHooks.runner(hooks, model.compute());
  }

  /** The prompts are encoded. */
  void afterEncoding() {
    for (ModelComponent part : ModelComponent.values()) {
      if (!NETWORK.contains(part)) {
        free(part);
      }
    }
    trim();
  }

  /** A batch is sampled; {@code last} if no more are to come. */
  void afterBatch(boolean last) {
    if (last) {
      NETWORK.forEach(this::free);
    }
    trim();
  }

  private void free(ModelComponent part) {
    LoadedWeights weights = model.weights(part);
    if (savesMemory && weights != null) {
      weights.release();
    }
  }

  /** Freed memory counts with the process as long as the allocator keeps it. */
  private void trim() {
    if (savesMemory || plan != null) {
      LibTorch.trim();
    }
  }
}
