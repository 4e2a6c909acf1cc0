package dev.likeness.ipadapter.internal.method;

import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.tensor.DType;
import java.util.Set;

/** The names and shapes of an opened adapter's weights. */
public record AdapterNames(LoadedWeights weights) implements TensorNames {
  @Override
  public Set<String> names() {
    return weights.names();
  }

  @Override
  public long[] shape(String name) {
    return weights.shape(name);
  }

  @Override
  public DType dtype(String name) {
    throw new IllegalStateException("only names and shapes are known");
  }

  @Override
  public String describe() {
    return "the adapter";
  }
}
