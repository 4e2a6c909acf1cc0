package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.internal.natives.CpuFeatures;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Fully connected layers in f32 as oneDNN's product of matrices, with packed weights. For rows of
 * whole memory pages on CPUs without AVX-512: there oneDNN's 1x1 convolution, which other layers
 * use, reads its input in place, all rows share the same lines of the first cache, and it takes
 * three times as long (benchmarks/cpu-kernels.md). The product copies its input.
 */
public final class PackedLinear {
  private static final long PAGE = 4096;
  private static final long[] NONE = {0, 0};

  private PackedLinear() {}

  /** Returns true for {@code x} [..., in] if the product is faster than a 1x1 convolution. */
  public static boolean isFaster(Tensor x) {
    return x.is_cpu()
        && Tensors.dtype(x) == DType.F32
        && x.size(-1) * Float.BYTES % PAGE == 0
        && !GradMode.is_enabled()
        && CpuFeatures.ofMachine().endsWithAvx2()
        && torch.hasMKLDNN();
  }

  /** Maps [..., in] to [..., out]. */
  public static Tensor of(Tensor x, LayerWeight weight, TensorOptional bias) {
    Tensor tokens = x.reshape(-1, x.size(-1));
    long rows = tokens.size(0);
    String order = PackedConvolution.PackedOrder.of(
        "matrix ",
        weight.shape(),
        tokens,
        NONE,
        NONE,
        () -> packed(x.new_empty(weight.shape()), rows));
    Tensor packed = weight.form(order, plain -> packed(plain, rows));
    long[] shape = x.shape();
    shape[shape.length - 1] = weight.shape()[0];
    return product(tokens, packed, bias).view(shape);
  }

  /** Multiplies {@code tokens} [n, in] by a weight [out, in] in any order. */
  static Tensor product(Tensor tokens, Tensor weight, TensorOptional bias) {
    try (TensorScope scope = TensorScope.open()) {
      TorchOperator linear = new TorchOperator("mkldnn::_linear_pointwise");
      return scope.promote(linear.call(
          new IValue(tokens),
          new IValue(weight),
          bias.has_value() ? new IValue(bias.get()) : new IValue(),
          new IValue("none"),
          linear.list(4),
          new IValue("")));
    }
  }

  /** Packs a weight [out, in] for so many rows of the input. */
  private static Tensor packed(Tensor weight, long rows) {
    return new TorchOperator("mkldnn::_reorder_linear_weight")
        .call(new IValue(weight), new IValue(rows));
  }
}
