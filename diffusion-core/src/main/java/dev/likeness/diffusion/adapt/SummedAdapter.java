package dev.likeness.diffusion.adapt;

import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.text.TextualInversion;
import java.util.List;
import java.util.stream.Stream;

/** Two adapters at once. */
record SummedAdapter(Adapter first, Adapter second) implements Adapter {
  @Override
  public Adaptation adapt(Part part, Compute compute) {
    return first.adapt(part, compute).and(second.adapt(part, compute));
  }

  @Override
  public List<TextualInversion> words() {
    return Stream.concat(first.words().stream(), second.words().stream()).toList();
  }

  @Override
  public Adaptation adapt(Part part, Drawing drawing) {
    return first.adapt(part, drawing).and(second.adapt(part, drawing));
  }
}
