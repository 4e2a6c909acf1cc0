package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.nn.cpu.MatrixProduct;
import dev.likeness.diffusion.internal.nn.cpu.MatrixProduct.LowRank;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * A fully connected layer with a {@link FrozenWeight} in f32 on a CPU, and the low-rank factors
 * that are trained beside it, as one operation: y = x W' + s (x A') B'. Autograd would keep the
 * input for the frozen weight too, make a pass over the output for each path, and record eight
 * operations where this records one.
 */
final class FrozenLinear {
  /**
   * The factors of one path, and what the backward pass needs of it.
   *
   * @param hidden the input times {@code down}; null if {@code up} is not trained
   */
  private record Path(Tensor down, Tensor up, double scale, Tensor hidden) {}

  private FrozenLinear() {}

  /** Returns true if the path can be a part of the operation. */
  static boolean joins(AdapterLayer adapter) {
    return adapter
        .lowRank()
        .filter(pair -> joins(pair.down()) && joins(pair.up()))
        .isPresent();
  }

  /** The operation adds gradients to leaves; others would need autograd. */
  private static boolean joins(Tensor factor) {
    return factor.dim() == 2
        && Tensors.dtype(factor) == DType.F32
        && (!factor.requires_grad() || factor.__dispatch_is_leaf());
  }

  /** Maps {@code x} [..., in] to [..., out]; all {@code adapters} {@link #joins join}. */
  static Tensor of(Tensor x, LayerWeight weight, Tensor bias, List<AdapterLayer> adapters) {
    List<Path> paths = new ArrayList<>();
    boolean learns = adapters.stream()
        .anyMatch(adapter -> adapter.lowRank().orElseThrow().down().requires_grad());
    try (TensorScope scope = TensorScope.open()) {
      Tensor rows = x.detach().reshape(-1, x.size(-1));
      Tensor input = learns ? CustomGradients.current().keep(rows) : null;
      return scope.promote(FrozenWeight.operation(
          x,
          () -> sum(x.detach(), rows, weight, bias, adapters, paths),
          gradient -> gradients(gradient, weight, paths, input)));
    }
  }

  /** Returns the value, and adds to {@code paths} what the backward pass needs of each adapter. */
  private static Tensor sum(
      Tensor x,
      Tensor rows,
      LayerWeight weight,
      Tensor bias,
      List<AdapterLayer> adapters,
      List<Path> paths) {
    CustomGradients custom = CustomGradients.current();
    long[] outer = x.shape();
    outer[outer.length - 1] = weight.shape()[0];
    List<LowRank> sums = new ArrayList<>();
    for (AdapterLayer adapter : adapters) {
      AdapterLayer.Factors pair = adapter.lowRank().orElseThrow();
      Tensor hidden = rows.mm(pair.down().detach().t()).mul_(new Scalar(pair.scale()));
      sums.add(new LowRank(hidden, pair.up().detach().t()));
      paths.add(new Path(
          pair.down(),
          pair.up(),
          pair.scale(),
          pair.up().requires_grad() ? custom.keep(hidden) : null));
    }
    Tensor product = MatrixProduct.of(rows, weight.tensor().detach().t(), sums);
    Tensor y = FrozenWeight.reshaped(product, outer);
    return bias == null ? y : y.add_(bias);
  }

  /** Returns the gradient of the input, as rows, and adds those of the factors to their leaves. */
  private static Tensor gradients(
      Tensor gradient, LayerWeight weight, List<Path> paths, Tensor input) {
    Tensor rows = gradient.reshape(-1, gradient.size(-1));
    List<LowRank> sums = new ArrayList<>();
    for (Path path : paths) {
      Tensor hidden = rows.mm(path.up.detach()).mul_(new Scalar(path.scale));
      if (path.hidden != null) {
        CustomGradients.add(path.up, rows.t().mm(path.hidden));
      }
      if (path.down.requires_grad()) {
        CustomGradients.add(path.down, hidden.t().mm(input));
      }
      sums.add(new LowRank(hidden, path.down.detach()));
    }
    return MatrixProduct.of(rows, weight.tensor().detach(), sums);
  }
}
