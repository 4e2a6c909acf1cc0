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
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * A layer in training whose own weight is frozen, with the low-rank factors that are trained beside
 * it, as one operation: y = x W' + s (x A') B'. Autograd would keep the input for the frozen weight
 * too, make a pass over the output for each path, and record eight operations where this records
 * one.
 */
final class FrozenLinear {
  /**
   * The factors of one path, and what the backward pass needs of it.
   *
   * @param hidden the input times {@code down}; null if {@code up} is not trained
   */
  private record Path(Tensor down, Tensor up, double scale, Tensor hidden) {}

  private FrozenLinear() {}

  /** Returns true in training on a CPU in f32, if gradients reach {@code x} through the layer. */
  static boolean isFaster(Tensor x, LayerWeight weight, Tensor bias) {
    return GradMode.is_enabled()
        && x.requires_grad()
        && x.is_cpu()
        && Tensors.dtype(x) == DType.F32
        && CustomGradients.current() != null
        && !weight.isCompressed()
        && !weight.tensor().requires_grad()
        && (bias == null || !bias.requires_grad());
  }

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
    CustomGradients custom = CustomGradients.current();
    long[] shape = x.shape();
    long[] outer = shape.clone();
    outer[outer.length - 1] = weight.shape()[0];
    try (TensorScope scope = TensorScope.open()) {
      List<Path> paths = new ArrayList<>();
      Tensor rows = x.detach().reshape(-1, x.size(-1));
      Tensor y = x.detach().new_empty(outer);
      try (NoGradGuard guard = new NoGradGuard()) {
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
        MatrixProduct.into(
            y.view(-1, y.size(-1)), rows, weight.tensor().detach().t(), sums);
        if (bias != null) {
          y.add_(bias);
        }
      }
      boolean learns = paths.stream().anyMatch(path -> path.down.requires_grad());
      Tensor input = learns ? custom.keep(rows) : null;
      custom.join(y, gradient -> new Tensor[] {gradients(gradient, weight, paths, input)}, x);
      return scope.promote(y);
    }
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
    Tensor matrix = weight.tensor().detach();
    Tensor ofInput = rows.new_empty(rows.size(0), matrix.size(1));
    MatrixProduct.into(ofInput, rows, matrix, sums);
    return ofInput;
  }
}
