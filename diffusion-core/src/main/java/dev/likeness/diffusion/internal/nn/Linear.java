package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.nn.cpu.Int8Linear;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A fully connected layer over the last dimension, with the layers that adapters add to it. */
public final class Linear {
  private final LayerWeight weight;
  private final Tensor bias;
  private final List<AdapterLayer> adapterLayers;

  private Linear(LayerWeight weight, Tensor bias, List<AdapterLayer> adapterLayers) {
    this.weight = weight;
    this.bias = bias;
    this.adapterLayers = adapterLayers;
  }

  /** Reads {@code weight} [out, in] and {@code bias} [out]. */
  public Linear(Weights w, long in, long out) {
    this(w.matrix("weight", out, in), w.tensor("bias", out), w.adapterLayers());
  }

  /** Reads {@code weight} [out, in] only. */
  public static Linear withoutBias(Weights w, long in, long out) {
    return new Linear(w.matrix("weight", out, in), null, w.adapterLayers());
  }

  /** Reads a layer with bias if {@code biased}, else without. */
  public static Linear of(Weights w, long in, long out, boolean biased) {
    return biased ? new Linear(w, in, out) : withoutBias(w, in, out);
  }

  /** Maps [..., in] to [..., out]. */
  public Tensor forward(Tensor x) {
    CurrentWork.throwIfCancelled();
    return FrozenWeight.of(weight, bias, x)
        .map(frozen -> frozen.linear(x, adapterLayers))
        .orElseGet(() -> addAdapters(product(x), x, adapterLayers));
  }

  /** Maps [..., in] to [..., out] in f32 if the layer is f16, for sums beyond the range of f16. */
  public Tensor forwardInF32(Tensor x) {
    if (Tensors.dtype(x) != DType.F16) {
      return forward(x);
    }
    TensorOptional offset =
        bias == null ? new TensorOptional() : new TensorOptional(bias.to(ScalarType.Float));
    return addAdapters(
        torch.linear(x.to(ScalarType.Float), weight.tensor().to(ScalarType.Float), offset),
        x,
        adapterLayers);
  }

  /**
   * Returns {@code x} [..., in] times a transposed matrix [out, in] of the same type. Gradients
   * flow to both.
   */
  public static Tensor product(Tensor x, Tensor matrix) {
    return WidenedLinear.isNeeded(x)
        ? WidenedLinear.of(x, new LayerWeight.Plain(matrix), null, WidenedLinear.BLOCK)
        : torch.linear(x, matrix);
  }

  static Tensor addAdapters(Tensor product, Tensor x, List<AdapterLayer> adapters) {
    Tensor y = product;
    for (AdapterLayer side : adapters) {
      y = y.add(side.delta(x));
    }
    return y;
  }

  private Tensor product(Tensor x) {
    weight.observe(x, (input, other) -> product(input, other, null));
    return product(x, weight, bias);
  }

  private static Tensor product(Tensor x, LayerWeight weight, Tensor bias) {
    TensorOptional offset = bias == null ? new TensorOptional() : new TensorOptional(bias);
    if (weight instanceof F8Linear.Weight f8 && F8Linear.isRequested(x)) {
      return F8Linear.of(x, f8.matrix().get(), offset);
    }
    if (Int8Linear.isRequested(x, weight)) {
      return Int8Linear.of(x, weight, offset);
    }
    if (WidenedLinear.isNeeded(x)) {
      return WidenedLinear.of(x, weight, bias, WidenedLinear.BLOCK);
    }
    return PointwiseLinear.isFaster(x, weight)
        ? PointwiseLinear.of(x, weight, offset)
        : torch.linear(x, weight.tensor(), offset);
  }
}
