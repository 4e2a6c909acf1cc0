package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.nn.cpu.Int8Linear;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.nn.cpu.PackedConvolution;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.List;
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
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
    if (CompressedWeight.isFrozenOrWidened(weight, x)) {
      return CompressedWeight.linear(x, weight, offset);
    }
    if (Int8Linear.isRequested(x, weight)) {
      return Int8Linear.of(x, weight, offset);
    }
    return PointwiseLinear.isFaster(x, weight)
        ? PointwiseLinear.of(x, weight, offset)
        : torch.linear(x, weight.tensor(), offset);
  }

  /**
   * Layers with a frozen weight in training. A compressed weight is decompressed again in the
   * backward pass, so that a training step keeps no weight. On a CPU without products in bf16,
   * linear layers widen a block of rows after the other to f32, which is faster.
   */
  public static final class CompressedWeight {
    private static final long[] ONE = {1, 1};

    /** The number of values of a weight that are widened at once. */
    private static final long BLOCK = 1 << 22;

    /** The smallest input, in elements, for which the product dominates the time. */
    private static final long MIN_ELEMENTS = 1 << 15;

    private CompressedWeight() {}

    /** Returns true if gradients reach {@code x} through a layer with this weight. */
    public static boolean isFrozenIn(LayerWeight weight, Tensor x) {
      return weight.isCompressed() && isTraining(x);
    }

    private static boolean isTraining(Tensor x) {
      return GradMode.is_enabled() && x.requires_grad() && CustomGradients.current() != null;
    }

    private static boolean isWidened(Tensor x) {
      return x.is_cpu()
          && Tensors.dtype(x) == DType.BF16
          && x.numel() >= MIN_ELEMENTS
          && !PackedConvolution.hasBf16();
    }

    /** Returns true if a layer with this weight is to be computed by {@link #linear}. */
    static boolean isFrozenOrWidened(LayerWeight weight, Tensor x) {
      return isTraining(x)
          && (weight.isCompressed()
              || isWidened(x) && !weight.keepsForms() && !weight.tensor().requires_grad());
    }

    /** Maps [..., in] to [..., out]. The gradient of the input is that of the output times W. */
    public static Tensor linear(Tensor x, LayerWeight weight, TensorOptional bias) {
      boolean widened = isWidened(x);
      return joined(
          x,
          () -> widened
              ? widened(x, weight.tensor(), bias)
              : torch.linear(x, weight.tensor(), bias),
          gradient -> widened
              ? widenedGradient(gradient, weight.tensor())
              : gradient.matmul(weight.tensor()));
    }

    /** Computes a linear layer with products in f32, rounded once to the type of {@code x}. */
    static Tensor widened(Tensor x, Tensor weight, TensorOptional bias) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor wide = x.to(ScalarType.Float);
        long[] shape = x.shape();
        shape[shape.length - 1] = weight.size(0);
        Tensor y = x.new_empty(shape);
        Tensor offset = bias.has_value() ? bias.get().to(ScalarType.Float) : null;
        forBlocks(weight, (rows, row) -> {
          Tensor sums = wide.matmul(rows.t());
          y.narrow(-1, row, rows.size(0))
              .copy_(offset == null ? sums : sums.add_(offset.narrow(0, row, rows.size(0))));
        });
        return scope.promote(y);
      }
    }

    /** Computes the gradient of the input of {@link #widened}. */
    static Tensor widenedGradient(Tensor gradient, Tensor weight) {
      try (TensorScope scope = TensorScope.open()) {
        long[] shape = gradient.shape();
        shape[shape.length - 1] = weight.size(1);
        Tensor sum = torch.zeros(shape);
        forBlocks(
            weight,
            (rows, row) -> sum.add_(gradient
                .narrow(-1, row, rows.size(0))
                .to(ScalarType.Float)
                .matmul(rows)));
        return scope.promote(sum.to(gradient.scalar_type()));
      }
    }

    /** Passes each block of rows in f32, with the number of its first row. */
    private static void forBlocks(Tensor weight, ObjLongConsumer<Tensor> use) {
      long count = Math.max(1, BLOCK / weight.size(1));
      for (long row = 0; row < weight.size(0); row += count) {
        try (TensorScope scope = TensorScope.open()) {
          Tensor rows = weight.narrow(0, row, Math.min(count, weight.size(0) - row));
          use.accept(rows.to(ScalarType.Float), row);
        }
      }
    }

    /** Applies a convolution [out, in, kernel, kernel]; its gradient is the transposed one. */
    public static Tensor conv2d(
        Tensor x, LayerWeight weight, TensorOptional bias, long[] stride, long[] padding) {
      long[] sizes = x.shape();
      return joined(
          x, () -> torch.conv2d(x, weight.tensor(), bias, stride, padding, ONE, 1), gradient -> {
            Tensor wide = weight.tensor();
            long[] rest = new long[2];
            for (int i = 0; i < 2; i++) {
              rest[i] = sizes[2 + i]
                  - ((gradient.size(2 + i) - 1) * stride[i] - 2 * padding[i] + wide.size(2 + i));
            }
            return torch.conv_transpose2d(
                gradient, wide, new TensorOptional(), stride, padding, rest, 1, ONE);
          });
    }

    private static Tensor joined(Tensor x, Supplier<Tensor> value, UnaryOperator<Tensor> back) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor y;
        try (NoGradGuard guard = new NoGradGuard()) {
          y = value.get();
        }
        CustomGradients.current().join(y, gradient -> new Tensor[] {back.apply(gradient)}, x);
        return scope.promote(y);
      }
    }
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
