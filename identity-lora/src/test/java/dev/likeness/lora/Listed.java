package dev.likeness.lora;

import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.weights.TensorSource;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A published list of names and shapes in the place of its file; every number is one. */
class Listed implements TensorSource {
  private final Map<String, long[]> shapes;

  Listed(Map<String, long[]> shapes) {
    this.shapes = shapes;
  }

  @Override
  public Set<String> names() {
    return new TreeSet<>(shapes.keySet());
  }

  @Override
  public long[] shape(String name) {
    return shapes.get(name);
  }

  @Override
  public DType dtype(String name) {
    return DType.F32;
  }

  @Override
  public Tensor read(String name) {
    return torch.ones(shapes.get(name));
  }

  @Override
  public String describe() {
    return "a list of keys";
  }

  @Override
  public void close() {}
}
