package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A fully connected layer multiplied in eight bits: each token and each row of the weight in steps
 * of the 127th part of its own largest number, their sums in 32 bits by oneDNN, both scales applied
 * to them (dynamic quantisation, as in Dettmers et al. 2022, arXiv:2208.07339, section 2.1, row and
 * vector wise). Off by about a hundredth of the result's size, where bf16 is by two thousandths;
 * the product alone takes half of bf16's time where the CPU has VNNI (benchmarks/cpu-kernels.md).
 */
public final class Int8Linear {
  private static final double LARGEST = 127;

  /**
   * oneDNN's kernels take what is multiplied without a sign: the middle of a byte stands for
   * nothing.
   */
  private static final long MIDDLE = 128;

  /** Tokens from which it is worth finding their scales; a timestep's one is not. */
  private static final long MIN_TOKENS = 16;

  private static final double MIN_SCALE = 1e-30;

  private Int8Linear() {}

  public static boolean isRequested(Tensor x, LayerWeight weight) {
    return weight.usesInt8Matmul()
        && x.numel() >= MIN_TOKENS * x.size(-1)
        && x.is_cpu()
        && !GradMode.is_enabled()
        && torch.hasMKLDNN();
  }

  /** Maps [..., in] to [..., out]. */
  public static Tensor of(Tensor x, LayerWeight weight, TensorOptional bias) {
    Tensor scales = weight.form("eight-bit scales", Int8Linear::scales);
    Tensor steps = weight.form("eight-bit steps", Int8Linear::packed);
    Tensor middles =
        weight.form("eight-bit middles", rows -> torch.zeros(rows.size(0)).to(ScalarType.Int));
    long[] shape = x.shape();
    shape[shape.length - 1] = scales.size(0);
    try (TensorScope scope = TensorScope.open()) {
      Tensor tokens = x.reshape(-1, x.size(-1));
      // In f32, as what it is multiplied with then: bf16 would round 127 up to what a byte does not
      // hold.
      Tensor largest = torch
          .amax(tokens.abs(), new long[] {1}, true)
          .to(ScalarType.Float)
          .clamp_min(new Scalar(MIN_SCALE));
      Tensor bytes = tokens
          .mul(largest.reciprocal().mul_(new Scalar(LARGEST)))
          .round_()
          .add_(new Scalar((double) MIDDLE))
          .to(ScalarType.Byte);
      Tensor y = product(bytes, steps, scales, middles, Tensors.dtype(x))
          .mul_(largest.div(new Scalar(LARGEST)));
      return scope.promote((bias.has_value() ? y.add_(bias.get()) : y).view(shape));
    }
  }

  private static Tensor product(
      Tensor bytes, Tensor steps, Tensor scales, Tensor middles, DType type) {
    TorchOperator linear = new TorchOperator("onednn::qlinear_pointwise");
    return linear.call(
        new IValue(bytes),
        new IValue(1.0),
        new IValue(MIDDLE),
        new IValue(steps),
        new IValue(scales),
        new IValue(middles),
        new IValue(),
        new IValue(1.0),
        new IValue(0L),
        new IValue((long) Tensors.scalarType(type).intern().value),
        new IValue("none"),
        linear.list(11),
        new IValue(""));
  }

  private static Tensor scales(Tensor weight) {
    return torch
        .amax(weight.to(ScalarType.Float).abs(), new long[] {1}, false)
        .clamp_min(new Scalar(MIN_SCALE))
        .div(new Scalar(LARGEST));
  }

  private static Tensor packed(Tensor weight) {
    Tensor steps =
        weight.to(ScalarType.Float).div(scales(weight).unsqueeze(1)).round().to(ScalarType.Char);
    return new TorchOperator("onednn::qlinear_prepack").call(new IValue(steps), new IValue());
  }
}
