package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.Optional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A fully connected layer with eight-bit products. Each row of the weight is quantised to -127..127
 * with its own scale. The input is rounded by the layer's {@link InputRange}; then oneDNN applies
 * scales and bias to its sums of 32 bits, and the product takes half of bf16's time on CPUs with
 * VNNI. Without a range, each token is quantised to -127..127 with its own scale (dynamic,
 * vector-wise; Dettmers et al. 2022, arXiv:2208.07339, section 2.1), which takes passes over input
 * and output that use up the gain (benchmarks/cpu-kernels.md). The relative error is about 1%, that
 * of bf16 0.2%.
 */
public final class Int8Linear {
  /** The zero point: oneDNN's kernels need unsigned input, so 128 stands for 0. */
  private static final long MIDDLE = 128;

  /**
   * The smallest number of tokens for which quantisation pays; the single token of a timestep is
   * below it.
   */
  private static final long MIN_TOKENS = 16;

  private static final double MIN_SCALE = 1e-30;

  /** Bytes from 1 to 255 for the whole numbers from -127 to 127. */
  private static final InputRange SIGNED = InputRange.of(-MIDDLE, RoundedWeight.LARGEST);

  private Int8Linear() {}

  public static boolean isRequested(Tensor x, LayerWeight weight) {
    return weight.usesInt8Matmul()
        && isWorthwhile(x)
        && x.is_cpu()
        && !GradMode.is_enabled()
        && torch.hasMKLDNN();
  }

  /** Returns true if {@code x} [..., in] has enough tokens. */
  public static boolean isWorthwhile(Tensor x) {
    return x.numel() >= MIN_TOKENS * x.size(-1);
  }

  /** Maps [..., in] to [..., out]. */
  public static Tensor of(Tensor x, LayerWeight weight, TensorOptional bias) {
    Optional<InputRange> fixed = weight.inputRange();
    Tensor scales = weight.form("eight-bit scales", plain -> RoundedWeight.scales(plain, fixed));
    Tensor steps = weight.form("eight-bit steps", plain -> packed(plain, scales, fixed));
    long[] shape = x.shape();
    shape[shape.length - 1] = scales.size(0);
    try (TensorScope scope = TensorScope.open()) {
      Tensor tokens = x.reshape(-1, x.size(-1));
      Tensor y = fixed
          .map(range -> inRange(tokens, range, steps, scales, bias))
          .orElseGet(() -> inOwnRanges(tokens, steps, scales, bias));
      return scope.promote(y.view(shape));
    }
  }

  /** Multiplies tokens that all have the same range. */
  private static Tensor inRange(
      Tensor tokens, InputRange range, Tensor steps, Tensor scales, TensorOptional bias) {
    return product(range.bytes(tokens), range, steps, scales, bias, Tensors.dtype(tokens));
  }

  /** Multiplies tokens, each in its own range. */
  private static Tensor inOwnRanges(
      Tensor tokens, Tensor steps, Tensor scales, TensorOptional bias) {
    // In f32, like the other factor: bf16 could round 127 up to 128, which is out of range.
    Tensor largest = torch
        .amax(tokens.abs(), new long[] {1}, true)
        .to(ScalarType.Float)
        .clamp_min(new Scalar(MIN_SCALE));
    Tensor bytes = tokens
        .mul(largest.reciprocal().mul_(new Scalar(RoundedWeight.LARGEST)))
        .round_()
        .add_(new Scalar((double) MIDDLE))
        .to(ScalarType.Byte);
    Tensor y = product(bytes, SIGNED, steps, scales, new TensorOptional(), Tensors.dtype(tokens))
        .mul_(largest.div(new Scalar(RoundedWeight.LARGEST)));
    return bias.has_value() ? y.add_(bias.get()) : y;
  }

  private static Tensor product(
      Tensor bytes,
      InputRange range,
      Tensor steps,
      Tensor scales,
      TensorOptional bias,
      DType type) {
    TorchOperator linear = new TorchOperator("onednn::qlinear_pointwise");
    return linear.call(
        new IValue(bytes),
        new IValue(range.scale()),
        new IValue(range.zeroPoint()),
        new IValue(steps),
        new IValue(scales),
        new IValue(torch.zeros(scales.size(0)).to(ScalarType.Int)),
        bias.has_value() ? new IValue(bias.get().to(ScalarType.Float)) : new IValue(),
        new IValue(1.0),
        new IValue(0L),
        new IValue((long) Tensors.scalarType(type).intern().value),
        new IValue("none"),
        linear.list(11),
        new IValue(""));
  }

  private static Tensor packed(Tensor weight, Tensor scales, Optional<InputRange> range) {
    Tensor steps = RoundedWeight.steps(weight, scales, range);
    return new TorchOperator("onednn::qlinear_prepack").call(new IValue(steps), new IValue());
  }
}
