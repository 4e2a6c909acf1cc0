package dev.likeness.diffusion.internal.adapter;

import java.util.Set;

/** The tensors of a model's parts, by name and shape: what tells an adapter which base it meets. */
public interface PartTensors {
  /**
   * The names of a part's tensors, from which adapters learn its modules; empty for a part that the
   * model lacks.
   */
  Set<String> tensorNames(ModelComponent part);

  /** The shape of one of {@link #tensorNames}. */
  long[] tensorShape(ModelComponent part, String name);
}
