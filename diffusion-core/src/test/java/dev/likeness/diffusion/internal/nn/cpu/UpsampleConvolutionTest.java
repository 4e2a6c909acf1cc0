package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.cpu.PackedConvolution.UpsampleConvolution;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(NoTensorLeaks.class)
class UpsampleConvolutionTest {
  @ParameterizedTest
  @CsvSource({"1, 8, 8, 16, 16", "2, 5, 7, 9, 3", "1, 3, 4, 1, 2"})
  void isTheConvolutionOfTheUpsampledImage(long batch, long in, long out, long h, long w) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor weight = torch.randn(out, in, 3, 3).mul_(new Scalar(0.1));
      TensorOptional bias = new TensorOptional(torch.randn(out));
      for (Tensor x : new Tensor[] {
        torch.randn(batch, in, h, w),
        Conv2d.ImageMemoryFormat.channelsLast(torch.randn(batch, in, h, w))
      }) {
        Tensor doubled = torch.upsample_nearest2d(x, new long[] {2 * h, 2 * w});
        long[] one = {1, 1};
        Closeness.assertWithin(
            1e-5,
            torch.conv2d(doubled, weight, bias, one, one, one, 1),
            UpsampleConvolution.of(x, new LayerWeight.Plain(weight), bias),
            h + "x" + w);
      }
    }
  }
}
