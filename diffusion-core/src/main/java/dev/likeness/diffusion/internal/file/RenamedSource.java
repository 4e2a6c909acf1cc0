package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.DType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * A source with other tensor names. Foreign names are translated here, before any network reads
 * them.
 */
public final class RenamedSource implements TensorSource {
  private final TensorSource source;
  private final Map<String, String> original = new LinkedHashMap<>();

  /**
   * Renames each tensor to {@code rename.apply(name)}; tensors renamed to null are left out. Takes
   * ownership of {@code source}.
   *
   * @throws InvalidInputException if two tensors get one name; {@code source} is then closed
   */
  public RenamedSource(TensorSource source, UnaryOperator<String> rename) {
    this.source = source;
    for (String name : source.names()) {
      String canonical = rename.apply(name);
      String other = canonical == null ? null : original.putIfAbsent(canonical, name);
      if (other != null) {
        source.close();
        throw new InvalidInputException(
            source.describe() + ": the tensors " + Quoted.of(other) + " and " + Quoted.of(name)
                + " are the same one under two names; remove one of them, or use the published file");
      }
    }
  }

  /** Returns the original name of a tensor of {@link #names()}. */
  public String original(String name) {
    return original.get(name);
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(original.keySet());
  }

  @Override
  public String storedName(String name) {
    return source.storedName(original.getOrDefault(name, name));
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
  public float f8Scale(String name) {
    return source.f8Scale(original.get(name));
  }

  @Override
  public boolean isScaled(String name) {
    return source.isScaled(original.get(name));
  }

  @Override
  public long storedBytes(String name) {
    return source.storedBytes(original.get(name));
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
