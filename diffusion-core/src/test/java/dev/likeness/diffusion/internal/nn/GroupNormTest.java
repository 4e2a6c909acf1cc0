package dev.likeness.diffusion.internal.nn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Resident;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class GroupNormTest {
  private static final int CHANNELS = 32;

  @Test
  void givesAPartWhatItGivesTheWhole() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      torch.manual_seed(1);
      GroupNorm norm = norm(ScalarType.Float);
      for (Tensor x : new Tensor[] {
        torch.randn(2, CHANNELS, 150, 9),
        Conv2d.ImageMemoryFormat.channelsLast(torch.randn(1, CHANNELS, 70, 5))
      }) {
        // Far from zero, where a variance by the mean of squares would be rough; sums of floats are
        // good to 1e-5 of it.
        x.add_(new Scalar(3));
        Tensor part = x.narrow(2, 40, 20);
        Closeness.assertWithin(
            5e-5,
            norm.forward(x).narrow(2, 40, 20),
            norm.withStatisticsOf(x).apply(part),
            "rows 40 to 60");
      }
    }
  }

  @Test
  void roundsAPartOnce() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      torch.manual_seed(1);
      GroupNorm norm = norm(ScalarType.BFloat16);
      Tensor x = torch.randn(1, CHANNELS, 70, 9).add_(new Scalar(3)).to(ScalarType.BFloat16);
      // bf16 has eight bits.
      assertTrue(torch.allclose(
          norm.withStatisticsOf(x).apply(x).to(ScalarType.Float),
          norm.forwardInF32(x),
          1.0 / 256,
          1e-4,
          false));
    }
  }

  /** The image is 128 MiB, in f32 256. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void makesNoWholeCopyForItsStatistics() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      GroupNorm norm = norm(ScalarType.BFloat16);
      Tensor x = Conv2d.ImageMemoryFormat.channelsLast(
          torch.ones(1, CHANNELS, 2048, 1024).to(ScalarType.BFloat16));
      long most = Resident.peakDuring(() -> {
        try (TensorScope work = TensorScope.open()) {
          norm.withStatisticsOf(x);
        }
      });
      assertTrue(most < 100 << 20, "it took " + (most >> 20) + " MiB");
    }
  }

  private static GroupNorm norm(ScalarType type) {
    Tensor numbers = torch.linspace(new Scalar(0.5), new Scalar(1.5), CHANNELS).to(type);
    return new GroupNorm(
        Weights.of(new Parameters() {
          @Override
          public boolean has(String name) {
            return true;
          }

          @Override
          public Tensor get(String name, long... shape) {
            return numbers;
          }
        }),
        8,
        CHANNELS,
        1e-6);
  }
}
