package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.memory.LoadedWeights;

/** An opened component of a model: a text encoder or a denoising network. */
public interface OpenComponent extends AutoCloseable {
  /** Returns its place in the model. */
  ModelComponent component();

  /** Returns its tensors, which it owns. */
  LoadedWeights weights();

  @Override
  void close();
}
