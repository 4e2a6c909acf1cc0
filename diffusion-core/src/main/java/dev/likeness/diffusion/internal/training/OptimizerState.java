package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/**
 * The named tensors that an optimiser keeps between steps, made when they are first asked for, by
 * any thread.
 */
final class OptimizerState implements AutoCloseable {
  private final TensorRegion region = new TensorRegion();
  private final Map<String, Tensor> tensors = new TreeMap<>();

  /**
   * {@code kind} of a parameter's state, e.g. {@code first}; made by {@code initial} the first
   * time.
   */
  synchronized Tensor get(String kind, String parameter, Supplier<Tensor> initial) {
    return tensors.computeIfAbsent(kind + "." + parameter, name -> region.keep(initial.get()));
  }

  Map<String, Tensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  void restore(Map<String, Tensor> saved) {
    try (TensorScope scope = TensorScope.open()) {
      saved.forEach((name, tensor) -> tensors.put(name, region.keep(tensor.clone())));
    }
  }

  @Override
  public void close() {
    tensors.clear();
    region.close();
  }
}
