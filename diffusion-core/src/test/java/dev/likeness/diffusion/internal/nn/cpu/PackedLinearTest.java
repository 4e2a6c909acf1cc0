package dev.likeness.diffusion.internal.nn.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.internal.natives.CpuFeatures;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class PackedLinearTest {
  /** Sums of 2048 f32 products in another order, divided by the sums' size. */
  private static final double TOLERANCE = 1e-5;

  @Test
  void isTheFullyConnectedLayer() {
    assumeTrue(torch.hasMKLDNN(), "libtorch has no oneDNN here");
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor weight = torch.randn(24, 2048);
      for (Tensor x : new Tensor[] {
        torch.randn(70, 2048),
        torch.randn(2, 70, 2048),
        torch.randn(2, 3, 5, 2048),
        torch.randn(2, 2048, 70).transpose(1, 2)
      }) {
        for (TensorOptional bias :
            new TensorOptional[] {new TensorOptional(), new TensorOptional(torch.randn(24))}) {
          Tensor expected = torch.linear(x, weight, bias);
          Tensor actual = PackedLinear.of(x, new LayerWeight.Plain(weight), bias);
          assertArrayEquals(expected.shape(), actual.shape());
          Closeness.assertWithinSpread(
              TOLERANCE, expected, actual, "x of " + x.dim() + " dimensions");
        }
      }
    }
  }

  @Test
  void isForRowsOfWholePagesInSinglePrecisionWithoutGradients() {
    boolean here = CpuFeatures.ofMachine().endsWithAvx2() && torch.hasMKLDNN();
    try (TensorScope scope = TensorScope.open()) {
      assertFalse(PackedLinear.isFaster(torch.randn(8, 1024)), "gradients are enabled");
      try (NoGradGuard guard = new NoGradGuard()) {
        assertEquals(here, PackedLinear.isFaster(torch.randn(8, 1024)));
        assertEquals(here, PackedLinear.isFaster(torch.randn(2, 8, 5120)));
        assertFalse(PackedLinear.isFaster(torch.randn(8, 1280)));
        assertFalse(PackedLinear.isFaster(torch.randn(8, 1024).to(ScalarType.BFloat16)));
      }
    }
  }
}
