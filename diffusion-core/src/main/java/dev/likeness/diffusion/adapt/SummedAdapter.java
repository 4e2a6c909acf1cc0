package dev.likeness.diffusion.adapt;

import dev.likeness.diffusion.tensor.Compute;

/** Two adapters at once. */
record SummedAdapter(Adapter first, Adapter second) implements Adapter {
  @Override
  public Adaptation adapt(Part part, Compute compute) {
    return first.adapt(part, compute).and(second.adapt(part, compute));
  }

  @Override
  public Adaptation adapt(Part part, Drawing drawing) {
    return first.adapt(part, drawing).and(second.adapt(part, drawing));
  }
}
