package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.nn.cpu.PackedConvolution;
import dev.likeness.diffusion.internal.nn.cpu.PackedLinear;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * A fully connected layer as a 1x1 convolution over an image of one column, whose pixels are the
 * tokens. The sum is the same. Without a vendor library, libtorch uses OpenBLAS for f32 products on
 * a CPU, but oneDNN for convolutions. oneDNN is up to three times as fast, and a convolution's
 * weight can be packed (benchmarks/cpu-kernels.md). Input and weight are views without a copy.
 */
final class PointwiseLinear {
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
    if (PackedLinear.isFaster(x)) {
      return PackedLinear.of(x, weight, bias);
    }
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
