package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.tensor.DType;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * A source whose tensors are those of other sources, as they are there. A subclass says where each
 * is, and which there are.
 */
abstract class SourceView implements TensorSource {
  /** Returns the source that has the tensor {@code name}. */
  protected abstract TensorSource sourceOf(String name);

  /** Returns the name of a tensor in {@link #sourceOf its source}. */
  protected String original(String name) {
    return name;
  }

  @Override
  public long[] shape(String name) {
    return sourceOf(name).shape(original(name));
  }

  @Override
  public DType dtype(String name) {
    return sourceOf(name).dtype(original(name));
  }

  @Override
  public float f8Scale(String name) {
    return sourceOf(name).f8Scale(original(name));
  }

  @Override
  public boolean isScaled(String name) {
    return sourceOf(name).isScaled(original(name));
  }

  @Override
  public long storedBytes(String name) {
    return sourceOf(name).storedBytes(original(name));
  }

  @Override
  public Tensor read(String name) {
    return sourceOf(name).read(original(name));
  }

  /** A view of one source, which is closed with it. */
  abstract static class OfOne extends SourceView {
    protected final TensorSource source;

    protected OfOne(TensorSource source) {
      this.source = source;
    }

    @Override
    protected TensorSource sourceOf(String name) {
      return source;
    }

    @Override
    public Set<String> names() {
      return source.names();
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
}
