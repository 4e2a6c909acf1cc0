package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.nn.cpu.Int8Linear;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.nn.cpu.PackedConvolution;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.List;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A fully connected layer over the last dimension, with the layers that adapters add to it. */
public final class Linear {
  private final LayerWeight weight;
  private final Tensor bias;
  private final List<AdapterLayer> adapterLayers;

  private Linear(LayerWeight weight, Tensor bias, List<AdapterLayer> sides) {
    this.weight = weight;
    this.bias = bias;
    this.adapterLayers = sides;
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
    return addAdapters(product(x), x);
  }

  /** Maps [..., in] to [..., out] in f32 if the layer is f16, for sums beyond the range of f16. */
  public Tensor forwardInF32(Tensor x) {
    if (Tensors.dtype(x) != DType.F16) {
      return forward(x);
    }
    TensorOptional offset =
        bias == null ? new TensorOptional() : new TensorOptional(bias.to(ScalarType.Float));
    return addAdapters(
        torch.linear(x.to(ScalarType.Float), weight.tensor().to(ScalarType.Float), offset), x);
  }

  private Tensor addAdapters(Tensor product, Tensor x) {
    Tensor y = product;
    for (AdapterLayer side : adapterLayers) {
      y = y.add(side.delta(x));
    }
    return y;
  }

  private Tensor product(Tensor x) {
    TensorOptional offset = bias == null ? new TensorOptional() : new TensorOptional(bias);
    if (Int8Linear.isRequested(x, weight)) {
      return Int8Linear.of(x, weight, offset);
    }
    return PointwiseLinear.isFaster(x, weight)
        ? PointwiseLinear.of(x, weight, offset)
        : torch.linear(x, weight.tensor(), offset);
  }

  /**
   * A fully connected layer as a 1x1 convolution over an image of one column, whose pixels are the
   * tokens. The sum is the same. Without a vendor library, libtorch uses OpenBLAS for f32 products
   * on a CPU, but oneDNN for convolutions. oneDNN is up to three times as fast, and a convolution's
   * weight can be packed (benchmarks/cpu-kernels.md). Input and weight are views without a copy.
   */
  static final class PointwiseLinear {
    /** The smallest input, in elements, for which the product dominates the time. */
    private static final long MIN_ELEMENTS = 1 << 15;

    private static final long[] ONE = {1, 1};
    private static final long[] NONE = {0, 0};

    private PointwiseLinear() {}

    static boolean isFaster(Tensor x, LayerWeight weight) {
      if (!x.is_cpu() || x.numel() < MIN_ELEMENTS || !torch.hasMKLDNN()) {
        return false;
      }
      // With one thread libtorch uses OpenBLAS for such a convolution too.
      return Tensors.dtype(x) == DType.F32
          ? torch.get_num_threads() > 1
          : weight.keepsForms() && !GradMode.is_enabled();
    }

    /** Maps [..., in] to [..., out]. */
    static Tensor of(Tensor x, LayerWeight weight, TensorOptional bias) {
      // The strides of a channels-last image; libtorch also checks those of dimensions of size 1.
      Tensor column = x.reshape(1, -1, 1, x.size(-1)).permute(0, 3, 1, 2);
      LayerWeight pixel = weight.withForm(
          "pixel",
          wide -> wide.view(wide.size(0), 1, 1, wide.size(1)).permute(0, 3, 1, 2),
          weight.shape()[0],
          x.size(-1),
          1,
          1);
      Tensor y = PackedConvolution.of(column, pixel, bias, ONE, NONE).permute(0, 2, 3, 1);
      long[] shape = x.shape();
      shape[shape.length - 1] = y.size(-1);
      return y.reshape(shape);
    }
  }
}
