package dev.likeness.ipadapter.layout;

import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.weights.TensorSource;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/** A key list as a file without bytes. */
record KeyList(String describe, Map<String, long[]> shapes) implements TensorSource {
  @Override
  public Set<String> names() {
    return shapes.keySet();
  }

  @Override
  public long[] shape(String name) {
    return shapes.get(name);
  }

  @Override
  public DType dtype(String name) {
    return DType.F16;
  }

  @Override
  public Tensor read(String name) {
    throw new AssertionError("a weight was read: " + name);
  }

  @Override
  public void close() { }
}
