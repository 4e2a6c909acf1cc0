package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.nn.Parameters;
import org.bytedeco.pytorch.Tensor;

/**
 * Parameters of a network that is built to see what it asks for: each is checked, and {@code none}
 * is given for all.
 */
record OnlyAsked(LoadedWeights of, Tensor none) implements Parameters {
  @Override
  public boolean has(String name) {
    return of.has(name);
  }

  @Override
  public Tensor get(String name, long... shape) {
    of.require(name, shape);
    return none;
  }
}
