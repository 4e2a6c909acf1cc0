package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A component's canonical tensors under the names and in the forms of a foreign key format: the
 * inverse of {@link CanonicalTensors.CanonicalSource}.
 */
public final class ForeignSource implements TensorSource {
  private final TensorSource canonical;
  private final KeyMapping layout;
  private final Map<String, List<String>> parts;

  /** Takes ownership of {@code canonical} and closes it. */
  public ForeignSource(TensorSource canonical, KeyMapping layout) {
    this.canonical = canonical;
    this.layout = layout;
    this.parts = CanonicalTensors.foreignNames(canonical.names(), layout);
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(parts.keySet());
  }

  private String firstPart(String name) {
    return parts.get(name).get(0);
  }

  @Override
  public long[] shape(String name) {
    long[] shape = canonical.shape(firstPart(name)).clone();
    KeyMapping.Location place = layout.locate(firstPart(name));
    if (place.slices() > 1) {
      shape[0] = shape[0] / place.span() * place.slices();
    }
    return switch (place.form()) {
      case AS_STORED, HALVES_SWAPPED, IDENTITY -> shape;
      case TRANSPOSED -> new long[] {shape[1], shape[0]};
      case POINTWISE -> shape.length == 2 ? new long[] {shape[0], shape[1], 1, 1} : shape;
    };
  }

  @Override
  public DType dtype(String name) {
    return canonical.dtype(firstPart(name));
  }

  @Override
  public Tensor read(String name) {
    try (TensorScope scope = TensorScope.open()) {
      TensorVector runs = new TensorVector();
      parts.get(name).forEach(part -> runs.push_back(canonical.read(part)));
      Tensor whole = runs.size() == 1 ? canonical.read(firstPart(name)) : torch.cat(runs, 0);
      return scope.promote(
          switch (layout.locate(firstPart(name)).form()) {
            case TRANSPOSED -> whole.t().contiguous();
            case HALVES_SWAPPED -> whole.roll(new long[] {whole.size(0) / 2}, 0);
            case AS_STORED, POINTWISE, IDENTITY -> whole.view(shape(name));
          });
    }
  }

  @Override
  public String describe() {
    return canonical.describe();
  }

  @Override
  public void close() {
    canonical.close();
  }
}
