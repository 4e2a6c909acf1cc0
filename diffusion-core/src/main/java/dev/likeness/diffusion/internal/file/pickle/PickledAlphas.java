package dev.likeness.diffusion.internal.file.pickle;

import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.tensor.DType;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A pickle whose alphas are plain numbers, which safetensors files have as tensors. */
public record PickledAlphas(TensorSource pickle, Map<String, Double> alphas)
    implements TensorSource {
  /** A pickle with those of its numbers that scale a LoRA's layers. */
  public static PickledAlphas of(TorchPickle pickle) {
    return new PickledAlphas(
        pickle,
        values(pickle, true)
            .collect(Collectors.toMap(
                Map.Entry::getKey, value -> ((Number) value.getValue()).doubleValue())));
  }

  /** What else it says beside its tensors, as a safetensors header would. */
  public static Map<String, String> texts(TorchPickle pickle) {
    return values(pickle, false)
        .collect(Collectors.toMap(Map.Entry::getKey, value -> value.getValue().toString()));
  }

  private static Stream<Map.Entry<String, Object>> values(TorchPickle pickle, boolean alphas) {
    return pickle.values().entrySet().stream()
        .filter(value ->
            alphas == (value.getValue() instanceof Number && value.getKey().endsWith(".alpha")));
  }

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
    return alphas.containsKey(name)
        ? torch.tensor(alphas.get(name).floatValue())
        : pickle.read(name);
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
