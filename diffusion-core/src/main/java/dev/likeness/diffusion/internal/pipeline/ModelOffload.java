package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.memory.MemoryPlan;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.List;

/**
 * Frees the base's components between the stages (diffusers: model offload).
 *
 * @param plan the memory plan of the base, or null
 * @param savesMemory true if components are freed once no later stage of this call needs them
 */
record ModelOffload(OpenModel model, MemoryPlan plan, boolean savesMemory) {
  /** The largest number of images in a batch; larger batches are not faster. */
  private static final int BATCH = 4;

  private static final List<ModelComponent> NETWORK =
      List.of(ModelComponent.UNET, ModelComponent.TRANSFORMER);

  /** Refuses a request that exceeds the memory plan. */
  void requireMemory(ImageRequest request, boolean guided) {
    if (plan != null) {
      boolean twice = guided && !request.guidanceOptions().sequential();
      plan.require(request.width().getAsInt(), request.height().getAsInt(), twice ? 2 : 1);
    }
  }

  /**
   * The largest batch for a request. It is 1 with a first-block cache, because that decides for a
   * whole batch and would change images.
   */
  int batchSize(ImageRequest request) {
    return plan != null || request.caching().kind() == CachingOptions.Kind.FIRST_BLOCK ? 1 : BATCH;
  }

  /** Frees the text encoders after the prompts are encoded. */
  void afterEncoding() {
    for (ModelComponent component : ModelComponent.values()) {
      if (!NETWORK.contains(component)) {
        free(component);
      }
    }
    trim();
  }

  /** Frees the denoising network after the last batch. */
  void afterBatch(boolean last) {
    if (last) {
      NETWORK.forEach(this::free);
    }
    trim();
  }

  private void free(ModelComponent component) {
    LoadedWeights weights = model.weights(component);
    if (savesMemory && weights != null) {
      weights.release();
    }
  }

  /** Returns freed memory from the allocator to the system. */
  private void trim() {
    if (savesMemory || plan != null) {
      LibTorch.trim();
    }
  }
}
