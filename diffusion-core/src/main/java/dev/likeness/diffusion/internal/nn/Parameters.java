package dev.likeness.diffusion.internal.nn;

import org.bytedeco.pytorch.Tensor;

/**
 * Where a network's tensors come from: a loaded file, seeded initial values, or the casts of a
 * training step.
 */
public interface Parameters {
  /** Whether a tensor of this full name can be had. */
  boolean has(String name);

  /**
   * The tensor of this full name, which must have this shape. The parameters own it; callers never
   * close it.
   */
  Tensor get(String name, long... shape);

  /** The same as a layer's weight, which may lie in memory smaller than it is used. */
  default LayerWeight matrix(String name, long... shape) {
    return new LayerWeight.Plain(get(name, shape));
  }

  /**
   * Whether the tensors of a network's blocks are brought in by {@link #portion} rather than kept.
   */
  default boolean streams() {
    return false;
  }

  /** The tensors below the module {@code path}, still to be loaded. */
  default Portion portion(String path) {
    throw new IllegalStateException("these tensors stay in memory");
  }
}
