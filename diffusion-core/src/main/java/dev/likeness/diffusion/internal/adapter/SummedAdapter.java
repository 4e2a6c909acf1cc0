package dev.likeness.diffusion.internal.adapter;

import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Two adapters at once. */
public record SummedAdapter(Adapter first, Adapter second) implements Adapter {
  @Override
  public Adaptation adapt(ModelComponent part, Compute compute) {
    return first.adapt(part, compute).and(second.adapt(part, compute));
  }

  @Override
  public List<Adapter> summands() {
    return Stream.concat(first.summands().stream(), second.summands().stream()).toList();
  }

  @Override
  public Adaptation adapt(ModelComponent part, Drawing drawing) {
    return first.adapt(part, drawing).and(second.adapt(part, drawing));
  }

  @Override
  public void requireFor(ModelComponent.Tensors model) {
    first.requireFor(model);
    second.requireFor(model);
  }

  @Override
  public boolean isPlaced() {
    return first.isPlaced() || second.isPlaced();
  }

  /** The first's, or else the second's: a picture follows one. */
  @Override
  public Optional<GradientGuidance> steering(Drawing drawing) {
    return first.steering(drawing).or(() -> second.steering(drawing));
  }
}
