package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A source of named tensors: a safetensors file, several shards, a pickle that is read safely, or
 * memory.
 */
public interface TensorSource extends TensorNames, AutoCloseable {
  /**
   * Reads a tensor as stored, on the CPU; it is a view if the file is mapped. The calling scope
   * owns it.
   */
  Tensor read(String name);

  /** Returns the error that a tensor has values that are NaN or infinite. */
  static InvalidInputException notFinite(TensorNames source, String name) {
    return new InvalidInputException(source.describe() + ": tensor " + Quoted.of(name)
        + " has values that are NaN or infinite; the file is damaged, or its training failed:"
        + " download it again, or use an earlier state of the training");
  }

  /** Returns the error that a tensor of weights has integers without a scale. */
  static InvalidInputException notScaled(TensorNames source, String name) {
    return new InvalidInputException(
        source.describe() + ": tensor " + Quoted.of(source.storedName(name)) + " has type "
            + source.dtype(name) + " without a scale; expected floating-point numbers: download it"
            + " again in f32, bf16, f16 or float8");
  }

  /** Closes the file; tensors already read stay valid. */
  @Override
  void close();

  /**
   * A source that casts floating-point tensors to another element type. Integers stay as they are.
   * Tensors with NaN or infinite values are refused, so that no file is written with them.
   *
   * @param source the source, which is closed with this one
   * @param type the floating-point type; null for the tensors' own types
   */
  public record Cast(TensorSource source, DType type) implements TensorSource {
    /** Returns {@code source} cast to {@code type}, or with its own types if that is null. */
    public static TensorSource of(TensorSource source, DType type) {
      return new Cast(source, type);
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
      return stored.isFloating() && type != null ? type : stored;
    }

    @Override
    public Tensor read(String name) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor stored = source.read(name);
        if (source.dtype(name).isFloating() && !Tensors.isFinite(stored)) {
          throw notFinite(source, name);
        }
        if (source.dtype(name) == dtype(name)) {
          return scope.promote(stored);
        }
        Tensor cast = stored.to(Tensors.scalarType(type));
        if (!Tensors.isFinite(cast)) {
          throw new InvalidInputException(source.describe() + ": tensor " + Quoted.of(name)
              + " has values that are too large for " + type + "; convert it to bf16 or f32");
        }
        return scope.promote(cast);
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

  /**
   * A source that refuses tensors with values that are NaN or infinite, and integers that stand for
   * weights without a scale. It checks a tensor when it is read for the first time. One such value
   * would spread over every generated image.
   */
  public static final class Finite extends SourceView.OfOne {
    private final Set<String> checked = ConcurrentHashMap.newKeySet();

    /** @param source the source, which is closed with this one */
    public Finite(TensorSource source) {
      super(source);
    }

    /**
     * Reads a tensor.
     *
     * @throws InvalidInputException if a value is not finite as f32, or the tensor has integers
     *     without a scale; the message names file and tensor
     */
    @Override
    public Tensor read(String name) {
      if (isQuantized(name)) {
        throw notScaled(this, name);
      }
      Tensor stored = source.read(name);
      if (source.dtype(name).isFloating() && !checked.contains(name)) {
        if (!isFinite(stored)) {
          throw notFinite(this, name);
        }
        checked.add(name);
      }
      return stored;
    }

    // Single integers are settings, such as a LoRA's alpha, and a list of long ones is a shape.
    private boolean isQuantized(String name) {
      DType type = source.dtype(name);
      return !type.isFloating()
          && source.elements(name) > 1
          && (type.bits() == Byte.SIZE || source.shape(name).length > 1);
    }

    // Layers compute in f32 at most, so a double beyond the range of f32 is infinite there.
    private static boolean isFinite(Tensor stored) {
      try (TensorScope scope = TensorScope.open()) {
        boolean isDouble = stored.scalar_type() == ScalarType.Double;
        return Tensors.isFinite(isDouble ? stored.to(ScalarType.Float) : stored);
      }
    }
  }

  /** Tensors in memory; the caller still owns them. */
  public static final class MemoryTensors implements TensorSource {
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
      return Tensors.dtype(tensors.get(name));
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

  /** Several sources as one. If two have a tensor of one name, the first source counts. */
  public static final class CombinedSource extends SourceView {
    private final List<TensorSource> sources;
    private final Map<String, TensorSource> sourceOf = new LinkedHashMap<>();

    /** Takes ownership of {@code sources} and closes them. */
    public CombinedSource(List<TensorSource> sources) {
      this.sources = List.copyOf(sources);
      sources.forEach(source -> source.names().forEach(name -> sourceOf.putIfAbsent(name, source)));
    }

    @Override
    protected TensorSource sourceOf(String name) {
      return sourceOf.get(name);
    }

    @Override
    public Set<String> names() {
      return Collections.unmodifiableSet(sourceOf.keySet());
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
}
