package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.nn.cpu.Int8Linear;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.nn.cpu.PackedConvolution;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
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
    if (FrozenLinear.isFaster(x, weight, bias)) {
      return adapterLayers.stream().allMatch(FrozenLinear::joins)
          ? FrozenLinear.of(x, weight, bias, adapterLayers)
          : addAdapters(FrozenLinear.of(x, weight, bias, List.of()), x);
    }
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

  /**
   * Returns {@code x} [..., in] times a transposed matrix [out, in] of the same type. Gradients
   * flow to both.
   */
  public static Tensor product(Tensor x, Tensor matrix) {
    return WidenedLinear.isNeeded(x)
        ? WidenedLinear.of(x, new LayerWeight.Plain(matrix), null, WidenedLinear.BLOCK)
        : torch.linear(x, matrix);
  }

  private Tensor addAdapters(Tensor product, Tensor x) {
    Tensor y = product;
    for (AdapterLayer side : adapterLayers) {
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
    if (CompressedWeight.isFrozenIn(weight, x)) {
      return CompressedWeight.linear(x, weight, offset);
    }
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

  /**
   * Layers whose weight is compressed, in training. The weight is frozen, and it is decompressed
   * again in the backward pass, so that a training step keeps no weight.
   */
  public static final class CompressedWeight {
    private static final long[] ONE = {1, 1};

    private CompressedWeight() {}

    /** Returns true if gradients reach {@code x} through a layer with this weight. */
    public static boolean isFrozenIn(LayerWeight weight, Tensor x) {
      return weight.isCompressed()
          && GradMode.is_enabled()
          && x.requires_grad()
          && CustomGradients.current() != null;
    }

    /** Maps [..., in] to [..., out]. The gradient of the input is that of the output times W. */
    public static Tensor linear(Tensor x, LayerWeight weight, TensorOptional bias) {
      if (WidenedLinear.isNeeded(x)) {
        // Without a scope, the weight of every layer would be kept until the end of the step.
        try (TensorScope scope = TensorScope.open()) {
          return scope.promote(WidenedLinear.of(
              x, weight, bias.has_value() ? bias.get() : null, WidenedLinear.BLOCK));
        }
      }
      return joined(
          x,
          () -> torch.linear(x, weight.tensor(), bias),
          gradient -> gradient.matmul(weight.tensor()));
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

  /**
   * A product of bf16 on a CPU that does not multiply bf16. Blocks of the weight's rows are widened
   * to f32, one at a time, so the weight stays in bf16. In training with {@link CustomGradients},
   * the backward pass widens the blocks again; otherwise autograd keeps the weight in f32.
   */
  static final class WidenedLinear {
    /** The number of values of a block: 16 MiB in f32. */
    static final long BLOCK = 1 << 22;

    private WidenedLinear() {}

    static boolean isNeeded(Tensor x) {
      return x.is_cpu() && Tensors.dtype(x) == DType.BF16 && !PackedConvolution.multipliesBf16();
    }

    /** Maps [..., in] to [..., out]; {@code bias} may be null. */
    static Tensor of(Tensor x, LayerWeight weight, Tensor bias, long block) {
      Tensor matrix = weight.tensor();
      Tensor[] trained = Stream.of(x, matrix, bias)
          .filter(input -> input != null && input.requires_grad())
          .toArray(Tensor[]::new);
      if (trained.length == 0 || !GradMode.is_enabled()) {
        return forward(x, matrix, bias, block);
      }
      CustomGradients custom = CustomGradients.current();
      if (custom == null) {
        TensorOptional offset =
            bias == null ? new TensorOptional() : new TensorOptional(bias.to(ScalarType.Float));
        return torch
            .linear(x.to(ScalarType.Float), matrix.to(ScalarType.Float), offset)
            .to(x.scalar_type());
      }
      Tensor value;
      try (NoGradGuard guard = new NoGradGuard()) {
        value = forward(x, matrix, bias, block);
      }
      Tensor input = matrix.requires_grad() ? custom.keep(x) : null;
      // A compressed weight is expanded again in the backward pass.
      LayerWeight kept =
          weight instanceof LayerWeight.Plain ? new LayerWeight.Plain(custom.keep(matrix)) : weight;
      boolean[] wanted = {
        x.requires_grad(), matrix.requires_grad(), bias != null && bias.requires_grad()
      };
      return custom.join(
          value, gradient -> gradients(gradient, input, kept.tensor(), wanted, block), trained);
    }

    private static Tensor forward(Tensor x, Tensor matrix, Tensor bias, long block) {
      long out = matrix.size(0);
      long[] shape = x.shape();
      shape[shape.length - 1] = out;
      try (TensorScope scope = TensorScope.open()) {
        Tensor wide = x.reshape(-1, x.size(-1)).to(ScalarType.Float);
        Tensor y = x.new_empty(wide.size(0), out);
        long rows = Math.max(1, block / matrix.size(1));
        for (long row = 0; row < out; row += rows) {
          long count = Math.min(rows, out - row);
          try (TensorScope each = TensorScope.open()) {
            Tensor part = inF32(wide, matrix.narrow(0, row, count).to(ScalarType.Float));
            y.narrow(1, row, count)
                .copy_(bias == null ? part : part.add_(bias.narrow(0, row, count)));
          }
        }
        return scope.promote(y.view(shape));
      }
    }

    /** Returns the gradients of input, matrix and bias, as far as they are wanted. */
    private static Tensor[] gradients(
        Tensor gradient, Tensor x, Tensor matrix, boolean[] wanted, long block) {
      long out = matrix.size(0);
      Tensor wide = gradient.reshape(-1, out).to(ScalarType.Float);
      List<Tensor> all = new ArrayList<>();
      if (wanted[0]) {
        Tensor sum = wide.new_zeros(wide.size(0), matrix.size(1));
        long rows = Math.max(1, block / matrix.size(1));
        for (long row = 0; row < out; row += rows) {
          long count = Math.min(rows, out - row);
          try (TensorScope each = TensorScope.open()) {
            Tensor part = matrix.narrow(0, row, count).to(ScalarType.Float).transpose(0, 1);
            sum.add_(inF32(wide.narrow(1, row, count), part));
          }
        }
        all.add(sum.to(gradient.scalar_type()));
      }
      if (wanted[1]) {
        Tensor tokens = x.reshape(-1, x.size(-1)).to(ScalarType.Float);
        all.add(torch.mm(wide.transpose(0, 1), tokens).to(gradient.scalar_type()));
      }
      if (wanted[2]) {
        all.add(
            wide.sum(new long[] {0}, false, new ScalarTypeOptional()).to(gradient.scalar_type()));
      }
      return all.toArray(Tensor[]::new);
    }

    private static Tensor inF32(Tensor x, Tensor matrix) {
      LayerWeight plain = new LayerWeight.Plain(matrix);
      return PointwiseLinear.isFaster(x, plain)
          ? PointwiseLinear.of(x, plain, new TensorOptional())
          : torch.linear(x, matrix);
    }
  }
}
