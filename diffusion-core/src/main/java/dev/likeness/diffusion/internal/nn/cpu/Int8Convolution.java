package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.internal.nn.cpu.PackedConvolution.PackedOrder;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A convolution with eight-bit products. The input is rounded to bytes by the layer's
 * {@link InputRange}, and each output channel of the weight to -127..127 with its own scale. oneDNN
 * computes the sums in 32 bits, and applies scales and bias to them before it writes the result. On
 * CPUs with VNNI, it takes half of bf16's time (benchmarks/cpu-kernels.md).
 */
public final class Int8Convolution {
  private static final long[] ONE = {1, 1};

  private Int8Convolution() {}

  public static boolean isRequested(Tensor x, LayerWeight weight) {
    return weight.inputRange().isPresent()
        && x.is_cpu()
        && !GradMode.is_enabled()
        && torch.hasMKLDNN();
  }

  /**
   * Convolves in one group without dilation.
   *
   * @param x [batch, in, h, w], of any type
   * @param weight [out, in, kernel, kernel], with an input range
   * @param type the type of the result
   */
  public static Tensor of(
      Tensor x,
      LayerWeight weight,
      TensorOptional bias,
      long[] stride,
      long[] padding,
      ScalarType type) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor bytes =
          weight.inputRange().orElseThrow().bytes(x.contiguous(MemoryFormat.ChannelsLast));
      return scope.promote(ofBytes(bytes, weight, bias, stride, padding, type));
    }
  }

  /** Convolves an input that is rounded already. */
  static Tensor ofBytes(
      Tensor bytes,
      LayerWeight weight,
      TensorOptional bias,
      long[] stride,
      long[] padding,
      ScalarType type) {
    InputRange range = weight.inputRange().orElseThrow();
    Tensor scales =
        weight.form("eight-bit scales", plain -> RoundedWeight.scales(plain, weight.inputRange()));
    String order = PackedOrder.of("eight-bit ", weight.shape(), bytes, stride, padding, () -> {
      Tensor zeros = torch.zeros(weight.shape(), new TensorOptions(ScalarType.Char));
      return packed(zeros, scales, range, bytes, stride, padding);
    });
    Tensor steps = weight.form(order, plain -> {
      Tensor rounded = RoundedWeight.steps(plain, scales, weight.inputRange());
      return packed(rounded, scales, range, bytes, stride, padding);
    });
    try (TensorScope scope = TensorScope.open()) {
      TorchOperator convolve = new TorchOperator("onednn::qconv2d_pointwise");
      return scope.promote(convolve.call(
          new IValue(bytes),
          new IValue(range.scale()),
          new IValue(range.zeroPoint()),
          new IValue(steps),
          new IValue(scales),
          new IValue(torch.zeros(scales.size(0)).to(ScalarType.Int)),
          bias.has_value() ? new IValue(bias.get().to(ScalarType.Float)) : new IValue(),
          convolve.list(7, stride),
          convolve.list(8, padding),
          convolve.list(9, ONE),
          new IValue(1L),
          new IValue(1.0),
          new IValue(0L),
          new IValue((long) type.intern().value),
          new IValue("none"),
          convolve.list(15),
          new IValue("")));
    }
  }

  private static Tensor packed(
      Tensor steps, Tensor scales, InputRange range, Tensor bytes, long[] stride, long[] padding) {
    TorchOperator pack = new TorchOperator("onednn::qconv_prepack");
    return pack.call(
        new IValue(steps),
        new IValue(scales),
        new IValue(range.scale()),
        new IValue(range.zeroPoint()),
        pack.list(4, stride),
        pack.list(5, padding),
        pack.list(6, ONE),
        new IValue(1L),
        pack.optionalList(8, bytes.shape()));
  }
}
