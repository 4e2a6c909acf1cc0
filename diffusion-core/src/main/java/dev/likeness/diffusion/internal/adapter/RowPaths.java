package dev.likeness.diffusion.internal.adapter;

import java.util.List;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Side paths of any form, each for a row of its own, row by row. */
record RowPaths(List<List<AdapterLayer>> rows) implements AdapterLayer {
  @Override
  public Tensor delta(Tensor input) {
    return joined(input, AdapterLayer::delta);
  }

  @Override
  public Tensor delta(Tensor input, long[] stride, long[] padding) {
    return joined(input, (path, x) -> path.delta(x, stride, padding));
  }

  private Tensor joined(Tensor input, BiFunction<AdapterLayer, Tensor, Tensor> delta) {
    Tensor[] deltas = new Tensor[(int) input.size(0)];
    Tensor nothing = null;
    for (int i = 0; i < deltas.length; i++) {
      for (AdapterLayer path : rows.get(i % rows.size())) {
        Tensor one = delta.apply(path, input.narrow(0, i, 1));
        deltas[i] = deltas[i] == null ? one : deltas[i].add(one);
        nothing = nothing == null ? torch.zeros_like(one) : nothing;
      }
    }
    TensorVector all = new TensorVector();
    for (Tensor row : deltas) {
      all.push_back(row == null ? nothing : row);
    }
    return torch.cat(all, 0);
  }
}
