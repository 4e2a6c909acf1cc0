package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.tensor.DType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/** Several sources as one; of two tensors of one name the first source's counts. */
public final class Together implements TensorSource {
  private final List<TensorSource> sources;
  private final Map<String, TensorSource> sourceOf = new LinkedHashMap<>();

  /** Takes over {@code sources} and closes them with itself. */
  public Together(List<TensorSource> sources) {
    this.sources = List.copyOf(sources);
    sources.forEach(source -> source.names().forEach(name -> sourceOf.putIfAbsent(name, source)));
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(sourceOf.keySet());
  }

  @Override
  public long[] shape(String name) {
    return sourceOf.get(name).shape(name);
  }

  @Override
  public DType dtype(String name) {
    return sourceOf.get(name).dtype(name);
  }

  @Override
  public Tensor read(String name) {
    return sourceOf.get(name).read(name);
  }

  @Override
  public String describe() {
    return String.join(" and ", sources.stream().map(TensorSource::describe).toList());
  }

  @Override
  public void close() {
    sources.forEach(TensorSource::close);
  }
}
