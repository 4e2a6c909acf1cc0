package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * A source whose floating-point tensors have another element type; whole numbers stay as they are.
 *
 * @param source what is cast; closed with this
 * @param type the floating-point type
 */
public record Cast(TensorSource source, DType type) implements TensorSource {
  /** {@code source} in {@code type}, or as it is when that is null. */
  public static TensorSource of(TensorSource source, DType type) {
    return type == null ? source : new Cast(source, type);
  }

  @Override
  public Set<String> names() {
    return source.names();
  }

  @Override
  public long[] shape(String name) {
    return source.shape(name);
  }

  @Override
  public DType dtype(String name) {
    DType stored = source.dtype(name);
    return stored.isFloating() ? type : stored;
  }

  @Override
  public Tensor read(String name) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor stored = source.read(name);
      return scope.promote(
          source.dtype(name) == dtype(name) ? stored : stored.to(type.scalarType()));
    }
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
