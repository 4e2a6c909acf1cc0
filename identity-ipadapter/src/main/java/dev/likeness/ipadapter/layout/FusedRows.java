package dev.likeness.ipadapter.layout;

import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.weights.TensorSource;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** A source under other names, some of which stand for several of its tensors, one below the other. */
final class FusedRows implements TensorSource {
  private final TensorSource source;
  private final Map<String, List<String>> parts;

  /** Takes over {@code source}. */
  FusedRows(TensorSource source, Map<String, List<String>> parts) {
    this.source = source;
    this.parts = parts;
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(parts.keySet());
  }

  @Override
  public long[] shape(String name) {
    long[] shape = source.shape(parts.get(name).get(0)).clone();
    for (String more : parts.get(name).subList(1, parts.get(name).size())) {
      shape[0] += source.shape(more)[0];
    }
    return shape;
  }

  @Override
  public DType dtype(String name) {
    return source.dtype(parts.get(name).get(0));
  }

  @Override
  public Tensor read(String name) {
    List<String> rows = parts.get(name);
    if (rows.size() == 1) {
      return source.read(rows.get(0));
    }
    TensorVector tensors = new TensorVector();
    rows.forEach(row -> tensors.push_back(source.read(row)));
    return torch.cat(tensors, 0);
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
