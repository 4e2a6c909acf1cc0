package dev.likeness.lora;

import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.weights.TensorSource;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A pickle whose alphas are plain numbers, which safetensors files have as tensors. */
record PickledAlphas(TensorSource pickle, Map<String, Double> alphas) implements TensorSource {
  @Override
  public Set<String> names() {
    Set<String> names = new LinkedHashSet<>(pickle.names());
    names.addAll(alphas.keySet());
    return names;
  }

  @Override
  public long[] shape(String name) {
    return alphas.containsKey(name) ? new long[0] : pickle.shape(name);
  }

  @Override
  public DType dtype(String name) {
    return alphas.containsKey(name) ? DType.F32 : pickle.dtype(name);
  }

  @Override
  public Tensor read(String name) {
    return alphas.containsKey(name) ? torch.tensor(alphas.get(name).floatValue()) : pickle.read(name);
  }

  @Override
  public String describe() {
    return pickle.describe();
  }

  @Override
  public void close() {
    pickle.close();
  }
}
