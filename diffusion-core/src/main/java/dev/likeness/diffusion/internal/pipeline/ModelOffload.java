package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenNetworks;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.MemoryPlan;
import dev.likeness.diffusion.internal.natives.LibTorch;
import java.util.List;

/**
 * What is given back when a phase of drawing ends.
 *
 * @param plan what the model's memory is planned for, or null
 * @param sparing whether the networks of a phase are freed with it
 */
public record ModelOffload(OpenNetworks model, MemoryPlan plan, boolean sparing) {
  private static final List<ModelComponent> NETWORK =
      List.of(ModelComponent.UNET, ModelComponent.TRANSFORMER);

  /** The prompts are encoded. */
  void encoded() {
    for (ModelComponent part : ModelComponent.values()) {
      if (!NETWORK.contains(part)) {
        free(part);
      }
    }
    trim();
  }

  /** Pictures are sampled; {@code last} where no more are to come. */
  void sampled(boolean last) {
    if (last) {
      NETWORK.forEach(this::free);
    }
    trim();
  }

  private void free(ModelComponent part) {
    LoadedWeights weights = model.weights(part);
    if (sparing && weights != null) {
      weights.release();
    }
  }

  /** What the phase has freed counts with the process as long as it is kept for the next. */
  private void trim() {
    if (sparing || plan != null) {
      LibTorch.trim();
    }
  }
}
