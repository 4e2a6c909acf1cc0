package dev.likeness.diffusion.internal.nn.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(NoTensorLeaks.class)
class PackedConvolutionTest {
  private static final Set<String> FLAGS = flags();

  @ParameterizedTest
  @CsvSource({
    "BFloat16, 3, 1, true",
    "BFloat16, 3, 2, false",
    "BFloat16, 1, 1, true",
    "Float, 3, 1, false",
    "Float, 3, 2, true"
  })
  void isTheConvolutionToTheBit(ScalarType type, int kernel, int stride, boolean biased) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        TensorRegion region = new TensorRegion()) {
      CachingWeight weight = new CachingWeight(
          torch.randn(48, 64, kernel, kernel).mul_(new Scalar(0.1)).to(type), region);
      TensorOptional bias =
          biased ? new TensorOptional(torch.randn(48).to(type)) : new TensorOptional();
      // Packed once for every order that the sizes ask for.
      for (long[] size : new long[][] {{2, 64, 24, 24}, {1, 64, 33, 17}, {3, 64, 8, 8}}) {
        Tensor x = torch.randn(size).to(type).contiguous(MemoryFormat.ChannelsLast);
        long[] strides = {stride, stride};
        long[] padding = {kernel / 2, kernel / 2};
        Tensor expected = unpacked(x, weight.tensor(), bias, strides, padding);
        Tensor actual = PackedConvolution.of(x, weight, bias, strides, padding);
        assertTrue(
            torch.equal(expected, actual) && actual.is_contiguous(MemoryFormat.ChannelsLast),
            "image of " + size[2]);
      }
      assertTrue(weight.forms().size() <= 3
          && weight.forms().values().stream().allMatch(Tensor::is_mkldnn));
      assertEquals(mustBePacked(type), !weight.forms().isEmpty());
    }
  }

  /** libtorch's convolution; of bf16 on a CPU that does not multiply bf16, the one in f32. */
  private static Tensor unpacked(
      Tensor x, Tensor weight, TensorOptional bias, long[] strides, long[] padding) {
    long[] one = {1, 1};
    if (Tensors.dtype(x) == DType.F32 || PackedConvolution.multipliesBf16()) {
      return torch.conv2d(x, weight, bias, strides, padding, one, 1);
    }
    ScalarType wide = ScalarType.Float;
    return torch
        .conv2d(
            x.to(wide),
            weight.to(wide),
            bias.has_value() ? new TensorOptional(bias.get().to(wide)) : bias,
            strides,
            padding,
            one,
            1)
        .to(ScalarType.BFloat16);
  }

  @Test
  void packsAgainOnlyForImagesThatNeedAnotherOrder() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        TensorRegion region = new TensorRegion()) {
      ScalarType type = mustBePacked(ScalarType.BFloat16) ? ScalarType.BFloat16 : ScalarType.Float;
      CachingWeight weight = new CachingWeight(torch.randn(256, 256, 3, 3).to(type), region);
      Set<String> orders = new HashSet<>();
      for (int turn = 0; turn < 2; turn++) {
        for (long side : new long[] {4, 8, 24, 32, 64}) {
          Tensor x = torch.randn(1, 256, side, side).to(type).contiguous(MemoryFormat.ChannelsLast);
          PackedConvolution.of(
              x, weight, new TensorOptional(), new long[] {1, 1}, new long[] {1, 1});
          orders.add(PackedConvolution.PackedOrder.of(
              weight.shape(), x, new long[] {1, 1}, new long[] {1, 1}));
        }
      }
      assertEquals(orders, weight.forms().keySet());
      assertTrue(orders.size() < 5, "sizes share their orders");
    }
  }

  @Test
  void forgetsOrdersBeforeTheyAreTooMany() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      for (int side = 1; side <= PackedConvolution.PackedOrder.MAX_KNOWN + 1; side++) {
        try (TensorScope each = TensorScope.open()) {
          PackedConvolution.PackedOrder.of(
              new long[] {1, 1, 1, 1}, torch.empty(1, 1, 1, side), new long[] {1, 1}, new long[] {
                0, 0
              });
        }
      }
      assertTrue(
          PackedConvolution.PackedOrder.known() <= PackedConvolution.PackedOrder.MAX_KNOWN,
          PackedConvolution.PackedOrder.known() + " orders are kept");
    }
  }

  @Test
  void takesWeightsAsTheyAreWhereOneDnnRefusesTheirType() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        TensorRegion region = new TensorRegion()) {
      for (ScalarType type : new ScalarType[] {ScalarType.Float, ScalarType.BFloat16}) {
        CachingWeight weight = new CachingWeight(torch.randn(32, 32, 3, 3).to(type), region);
        PackedConvolution.of(
            torch.randn(1, 32, 16, 16).to(type).contiguous(MemoryFormat.ChannelsLast),
            weight,
            new TensorOptional(),
            new long[] {1, 1},
            new long[] {1, 1});
        assertEquals(mustBePacked(type), !weight.forms().isEmpty(), type.toString());
      }
    }
  }

  /**
   * f32 wherever there is oneDNN; bf16 where the processor says that it has AVX-512 or
   * AVX-NE-CONVERT.
   */
  private static boolean mustBePacked(ScalarType type) {
    return torch.hasMKLDNN()
        && (type == ScalarType.Float
            || FLAGS.contains("avx_ne_convert")
            || FLAGS.containsAll(List.of("avx512bw", "avx512vl", "avx512dq")));
  }

  private static Set<String> flags() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(line -> Set.of(line.split(":")[1].trim().split("\\s+")))
          .orElseGet(Set::of);
    } catch (IOException elsewhere) {
      return Assumptions.abort(
          "only Linux says what the processor can do: " + elsewhere.getMessage());
    }
  }

  @Test
  void packsNothingWhileTraining() {
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion()) {
      CachingWeight weight = new CachingWeight(torch.randn(32, 32, 3, 3), region);
      Tensor x =
          torch.randn(1, 32, 16, 16).contiguous(MemoryFormat.ChannelsLast).set_requires_grad(true);
      Tensor y = PackedConvolution.of(
          x, weight, new TensorOptional(), new long[] {1, 1}, new long[] {1, 1});
      assertTrue(y.requires_grad() && weight.forms().isEmpty());
    }
  }
}
