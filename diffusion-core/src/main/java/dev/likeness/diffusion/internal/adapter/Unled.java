package dev.likeness.diffusion.internal.adapter;

import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;

/**
 * What an adapter adds to networks, without what it leads pictures by.
 *
 * @param own the adapter
 */
public record Unled(Adapter own) implements Adapter {
  @Override
  public Adaptation adapt(ModelComponent part, Compute compute) {
    return own.adapt(part, compute);
  }

  @Override
  public Adaptation adapt(ModelComponent part, Drawing drawing) {
    return own.adapt(part, drawing);
  }

  @Override
  public void requireFor(ModelComponent.Tensors model) {
    own.requireFor(model);
  }

  @Override
  public boolean isPlaced() {
    return own.isPlaced();
  }

  @Override
  public List<Adapter> summands() {
    return own.summands();
  }
}
