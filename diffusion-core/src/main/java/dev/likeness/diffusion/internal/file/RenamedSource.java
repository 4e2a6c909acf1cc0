package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.tensor.DType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * A source under other names: foreign spellings are translated here, once, before any module sees
 * them.
 */
public final class RenamedSource implements TensorSource {
  private final TensorSource source;
  private final Map<String, String> original = new LinkedHashMap<>();

  /**
   * Names each tensor {@code rename.apply(name)}; those renamed to null are left out. Takes over
   * {@code source}.
   */
  public RenamedSource(TensorSource source, UnaryOperator<String> rename) {
    this.source = source;
    for (String name : source.names()) {
      String canonical = rename.apply(name);
      if (canonical != null) {
        original.put(canonical, name);
      }
    }
  }

  /** What the source itself calls a tensor of {@link #names()}. */
  public String original(String name) {
    return original.get(name);
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(original.keySet());
  }

  @Override
  public long[] shape(String name) {
    return source.shape(original.get(name));
  }

  @Override
  public DType dtype(String name) {
    return source.dtype(original.get(name));
  }

  @Override
  public Tensor read(String name) {
    return source.read(original.get(name));
  }

  @Override
  public String describe() {
    return source.describe();
  }

  @Override
  public void close() {
    source.close();
  }
}
