package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.Part;
import dev.likeness.diffusion.internal.family.Networks;
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
public record Phases(Networks model, MemoryPlan plan, boolean sparing) {
  private static final List<Part> NETWORK = List.of(Part.UNET, Part.TRANSFORMER);

  /** The prompts are encoded. */
  void encoded() {
    for (Part part : Part.values()) {
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

  private void free(Part part) {
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
