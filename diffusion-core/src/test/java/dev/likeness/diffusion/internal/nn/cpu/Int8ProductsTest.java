package dev.likeness.diffusion.internal.nn.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.cpu.PackedConvolution.UpsampleConvolution;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Products in eight bits with known ranges, against plain sums in f64 of the same rounded numbers.
 * The sums of bytes are exact, so only the scales and the type of the result round: 1e-5 of the
 * result's size in f32, and bf16's 4e-3 in bf16.
 */
@ExtendWith(NoTensorLeaks.class)
class Int8ProductsTest {
  private static final double EXACT = 1e-5;
  private static final double BF16 = 4e-3;
  private static final long[] ONE = {1, 1};

  /** A weight with a range that keeps what is made of it. */
  private record Ranged(CachingWeight kept, InputRange range) implements LayerWeight {
    @Override
    public Tensor tensor() {
      return kept.tensor();
    }

    @Override
    public boolean keepsForms() {
      return true;
    }

    @Override
    public boolean usesInt8Matmul() {
      return true;
    }

    @Override
    public Optional<InputRange> inputRange() {
      return Optional.of(range);
    }

    @Override
    public Tensor form(String use, UnaryOperator<Tensor> making) {
      return kept.form(use, making);
    }
  }

  @ParameterizedTest
  @CsvSource({
    // in, out, kernel, stride, padding, height, width, batch, symmetric, divided, biased
    "64, 96, 3, 1, 1, 16, 16, 2, true, false, true",
    "64, 96, 3, 1, 1, 17, 9, 1, false, false, false",
    "96, 64, 3, 2, 1, 16, 16, 2, false, true, true",
    "96, 64, 3, 2, 0, 17, 17, 1, true, true, false",
    "128, 64, 1, 1, 0, 8, 8, 3, false, true, true",
    "320, 320, 3, 1, 1, 8, 8, 2, false, false, true",
    "64, 64, 2, 1, 1, 8, 12, 1, true, false, true"
  })
  void convolutionIsThePlainSumOfTheSameBytes(
      int in,
      int out,
      int kernel,
      int stride,
      int padding,
      int height,
      int width,
      int batch,
      boolean symmetric,
      boolean divided,
      boolean biased) {
    assumeVnni();
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion();
        NoGradGuard guard = new NoGradGuard()) {
      torch.manual_seed(in + out + kernel + stride);
      Tensor weight = torch.randn(out, in, kernel, kernel);
      InputRange range = range(in, symmetric, divided);
      Ranged layer = new Ranged(new CachingWeight(weight, region), range);
      TensorOptional bias = biased ? new TensorOptional(torch.randn(out)) : new TensorOptional();
      long[] strides = {stride, stride};
      long[] paddings = {padding, padding};
      // Twice: the first call packs, and the second finds the packed weight.
      for (int call = 0; call < 2; call++) {
        Tensor x = torch.randn(batch, in, height, width);
        Tensor expected = torch.conv2d(
            rounded(x, range), roundedWeight(weight, range), wide(bias), strides, paddings, ONE, 1);
        Tensor actual = Int8Convolution.of(x, layer, bias, strides, paddings, ScalarType.Float);
        assertClose(expected, actual, EXACT);
        assertTrue(actual.is_contiguous(MemoryFormat.ChannelsLast));
        Tensor narrow = Int8Convolution.of(
            x.contiguous(MemoryFormat.ChannelsLast),
            layer,
            bias,
            strides,
            paddings,
            ScalarType.BFloat16);
        assertEquals(DType.BF16, Tensors.dtype(narrow));
        assertClose(expected, narrow, BF16);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "40, 320, 96, true, false, true",
    "40, 320, 96, false, false, false",
    "77, 768, 320, false, true, true",
    "16, 64, 64, true, true, true",
    "300, 1280, 320, false, false, true"
  })
  void linearIsThePlainSumOfTheSameBytes(
      int tokens, int in, int out, boolean symmetric, boolean divided, boolean biased) {
    assumeVnni();
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion();
        NoGradGuard guard = new NoGradGuard()) {
      torch.manual_seed(tokens + in + out);
      Tensor weight = torch.randn(out, in);
      InputRange range = range(in, symmetric, divided);
      Ranged layer = new Ranged(new CachingWeight(weight, region), range);
      TensorOptional bias = biased ? new TensorOptional(torch.randn(out)) : new TensorOptional();
      Tensor x = torch.randn(2, tokens, in);
      Tensor expected =
          torch.linear(rounded(x.view(-1, in), range), roundedWeight(weight, range), wide(bias));
      Tensor actual = Int8Linear.of(x, layer, bias);
      assertArrayEquals(new long[] {2, tokens, out}, actual.shape());
      assertClose(expected.view(2, tokens, out), actual, EXACT);
      Tensor narrow = Int8Linear.of(x.to(ScalarType.BFloat16), layer, bias);
      assertClose(
          torch
              .linear(
                  rounded(x.to(ScalarType.BFloat16).view(-1, in), range),
                  roundedWeight(weight, range),
                  wide(bias))
              .view(2, tokens, out),
          narrow,
          BF16);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void upsamplingConvolutionIsThePlainSumOfTheSameBytes(boolean divided) {
    assumeVnni();
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion();
        NoGradGuard guard = new NoGradGuard()) {
      torch.manual_seed(5);
      // Whole multiples of each sum's scale, so that sums of weights are rounded like themselves.
      Tensor weight = torch.zeros(64, 64, 3, 3);
      weight.select(3, 0).select(2, 0).copy_(torch.randn(64, 64));
      InputRange range = range(64, false, divided);
      Ranged layer = new Ranged(new CachingWeight(weight, region), range);
      TensorOptional bias = new TensorOptional(torch.randn(64));
      Tensor x = torch.randn(2, 64, 6, 10);
      Tensor expected = torch.conv2d(
          torch.upsample_nearest2d(rounded(x, range), new long[] {12, 20}),
          roundedWeight(weight, range),
          wide(bias),
          ONE,
          ONE,
          ONE,
          1);
      assertClose(expected, UpsampleConvolution.of(x, layer, bias), EXACT);
    }
  }

  @Test
  void roundsToTheNearestByteInTheMemoryFormatOfTheInput() {
    try (TensorScope scope = TensorScope.open()) {
      InputRange range = InputRange.of(-1, 1.55);
      assertEquals(0.01, range.scale(), 1e-12);
      assertEquals(100, range.zeroPoint());
      Tensor x =
          torch.tensor(new float[] {0, 0.014f, 0.016f, -1, 1.55f, -7, 7, 1e-9f}).view(1, 8);
      assertArrayEquals(
          new float[] {100, 101, 102, 0, 255, 0, 255, 100},
          ImageTensors.floats(range.bytes(x).to(ScalarType.Float)));
      Tensor image = torch.randn(2, 8, 4, 5);
      Tensor bytes = range.bytes(image.contiguous(MemoryFormat.ChannelsLast));
      assertTrue(bytes.is_contiguous(MemoryFormat.ChannelsLast));
      assertTrue(torch.equal(bytes, range.bytes(image)), "the format changes no number");
      assertEquals(DType.U8, Tensors.dtype(bytes));
    }
  }

  @ParameterizedTest
  @CsvSource({"-1, 1, 128", "0, 5, 0", "2, 5, 0", "-5, 0, 255", "-5, -2, 255", "-0.28, 4.5, 15"})
  void hasAByteForZeroInEveryRange(double low, double high, long zero) {
    try (TensorScope scope = TensorScope.open()) {
      InputRange range = InputRange.of(low, high);
      assertEquals(zero, range.zeroPoint());
      assertEquals(zero, range.bytes(torch.zeros(1, 1)).to(ScalarType.Long).item_long());
      for (double end : new double[] {low, high}) {
        double back = range.scale()
            * (range
                    .bytes(torch.full(new long[] {1, 1}, new Scalar(end)))
                    .to(ScalarType.Float)
                    .item_double()
                - zero);
        assertEquals(end, back, range.scale());
      }
    }
  }

  @Test
  void takesARangeOfNothingButZero() {
    try (TensorScope scope = TensorScope.open()) {
      InputRange range = InputRange.of(0, 0);
      assertTrue(range.isValid());
      assertEquals(0, range.bytes(torch.zeros(1, 4)).to(ScalarType.Float).sum().item_double(), 0);
    }
  }

  @Test
  void knowsRangesThatAreNone() {
    float[] none = {};
    assertTrue(new InputRange(-1, 2, new float[] {1, 2}).isValid());
    assertFalse(new InputRange(Double.NaN, 2, none).isValid());
    assertFalse(new InputRange(-1, Double.NaN, none).isValid());
    assertFalse(new InputRange(Double.NEGATIVE_INFINITY, 2, none).isValid());
    assertFalse(new InputRange(-1, Double.POSITIVE_INFINITY, none).isValid());
    assertFalse(new InputRange(2, 1, none).isValid());
    assertFalse(new InputRange(-1, 2, new float[] {1, 0}).isValid());
    assertFalse(new InputRange(-1, 2, new float[] {-1, 1}).isValid());
    assertFalse(new InputRange(-1, 2, new float[] {1, Float.NaN}).isValid());
    assertFalse(new InputRange(-1, 2, new float[] {1, Float.POSITIVE_INFINITY}).isValid());
  }

  private static void assumeVnni() {
    assumeTrue(Compute.hasCpuInt8(), "this CPU has no VNNI");
  }

  private static InputRange range(int in, boolean symmetric, boolean divided) {
    float[] divisors = new float[divided ? in : 0];
    for (int i = 0; i < divisors.length; i++) {
      divisors[i] = 0.5f + i % 7;
    }
    // Narrower than the numbers, so that some are cut off.
    return new InputRange(symmetric ? -3 : -0.5, 3, divisors);
  }

  /** Returns the numbers that bytes stand for, in f64. */
  private static Tensor rounded(Tensor x, InputRange range) {
    return range
        .bytes(x)
        .to(ScalarType.Double)
        .sub(new Scalar((double) range.zeroPoint()))
        .mul(new Scalar(range.scale()));
  }

  private static Tensor roundedWeight(Tensor weight, InputRange range) {
    Tensor scales = torch
        .amax(divided(weight, range).abs().flatten(1, -1), new long[] {1}, false)
        .div(new Scalar(127.0));
    long[] perRow = new long[weight.shape().length];
    Arrays.fill(perRow, 1);
    perRow[0] = weight.size(0);
    return divided(weight, range)
        .div(scales.view(perRow))
        .round()
        .to(ScalarType.Double)
        .mul(scales.view(perRow).to(ScalarType.Double));
  }

  private static Tensor divided(Tensor weight, InputRange range) {
    return range.multiply(weight.clone());
  }

  private static TensorOptional wide(TensorOptional bias) {
    return bias.has_value() ? new TensorOptional(bias.get().to(ScalarType.Double)) : bias;
  }

  private static void assertClose(Tensor expected, Tensor actual, double share) {
    assertArrayEquals(expected.shape(), actual.shape());
    double off = actual.to(ScalarType.Double).sub(expected).norm().item_double()
        / expected.norm().item_double();
    assertTrue(off <= share, off + " of the result's size");
  }
}
