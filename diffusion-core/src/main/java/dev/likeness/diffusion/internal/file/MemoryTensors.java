package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.tensor.DType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/** Tensors in memory, which stay their owner's. */
public final class MemoryTensors implements TensorSource {
  private final Map<String, Tensor> tensors;

  public MemoryTensors(Map<String, Tensor> tensors) {
    this.tensors = new LinkedHashMap<>(tensors);
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  @Override
  public long[] shape(String name) {
    return tensors.get(name).shape();
  }

  @Override
  public DType dtype(String name) {
    return DType.of(tensors.get(name).scalar_type());
  }

  @Override
  public Tensor read(String name) {
    return tensors.get(name).alias();
  }

  @Override
  public String describe() {
    return tensors.size() + " tensors in memory";
  }

  @Override
  public void close() {
    tensors.clear();
  }
}
