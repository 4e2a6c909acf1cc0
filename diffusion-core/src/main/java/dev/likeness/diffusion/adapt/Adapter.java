package dev.likeness.diffusion.adapt;

import dev.likeness.diffusion.tensor.Compute;

/** Something a request may carry that adapts the base model for it: a LoRA at a weight, an image prompt, both. */
@FunctionalInterface
public interface Adapter {
  /**
   * What this adds to one network, in the model's type and on its device. Called for every request; implementations
   * keep what they have placed.
   */
  Adaptation adapt(Part part, Compute compute);
}
