package dev.likeness.diffusion.internal.nn.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(NoTensorLeaks.class)
class WinogradConvolutionTest {
  private static final long[] ONE = {1, 1};

  @ParameterizedTest
  @CsvSource({
    "1, 8, 5, 7, 4, true",
    "2, 16, 16, 16, 32, false",
    "1, 3, 4, 1, 8, true",
    "1, 2, 3, 700, 2048, true"
  })
  void isTheConvolution(long batch, long in, long out, long h, long w, boolean biased) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        TensorRegion region = new TensorRegion()) {
      CachingWeight weight =
          new CachingWeight(torch.randn(out, in, 3, 3).mul_(new Scalar(0.1)), region);
      TensorOptional bias = biased ? new TensorOptional(torch.randn(out)) : new TensorOptional();
      Tensor x = Conv2d.ImageMemoryFormat.channelsLast(torch.randn(batch, in, h, w));
      Tensor expected = torch.conv2d(x, weight.tensor(), bias, ONE, ONE, ONE, 1);
      Closeness.assertWithin(
          2e-5, expected, WinogradConvolution.of(x, out, weight, bias), h + "x" + w);
      assertEquals(6, weight.forms().size());
    }
  }

  @Test
  void itsErrorIsOfTheSameOrderAsThePlainSums() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        TensorRegion region = new TensorRegion()) {
      CachingWeight weight = new CachingWeight(torch.randn(256, 256, 3, 3), region);
      Tensor x = Conv2d.ImageMemoryFormat.channelsLast(torch.randn(1, 256, 32, 32));
      Tensor exact = torch.conv2d(
          x.to(ScalarType.Double),
          weight.tensor().to(ScalarType.Double),
          new TensorOptional(),
          ONE,
          ONE,
          ONE,
          1);
      double plain =
          error(torch.conv2d(x, weight.tensor(), new TensorOptional(), ONE, ONE, ONE, 1), exact);
      double winograds = error(WinogradConvolution.of(x, 256, weight, new TensorOptional()), exact);
      assertTrue(winograds < 5e-6 && winograds < 5 * plain, winograds + " beside " + plain);
    }
  }

  @Test
  void isUsedForLargeImagesInF32WithoutGradients() {
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion()) {
      CachingWeight weight = new CachingWeight(torch.randn(256, 256, 3, 3), region);
      Tensor x = torch.randn(1, 256, 32, 32).contiguous(torch.MemoryFormat.ChannelsLast);
      assertFalse(WinogradConvolution.isFaster(x, 256, weight), "while learning");
      try (NoGradGuard guard = new NoGradGuard()) {
        assertTrue(WinogradConvolution.isFaster(x, 256, weight));
        assertFalse(
            WinogradConvolution.isFaster(x.to(ScalarType.BFloat16), 256, weight), "in bf16");
        assertFalse(
            WinogradConvolution.isFaster(
                Conv2d.ImageMemoryFormat.channelsLast(torch.randn(1, 256, 32, 33)), 256, weight),
            "33 wide");
        assertFalse(
            WinogradConvolution.isFaster(
                Conv2d.ImageMemoryFormat.channelsLast(torch.randn(1, 64, 64, 64)), 64, weight),
            "64 channels");
      }
    }
  }

  private static double error(Tensor actual, Tensor exact) {
    return actual
        .to(ScalarType.Double)
        .sub(exact)
        .square()
        .mean()
        .div(exact.square().mean())
        .sqrt()
        .item_double();
  }
}
