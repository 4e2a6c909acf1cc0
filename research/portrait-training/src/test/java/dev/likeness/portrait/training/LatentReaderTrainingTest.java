package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class LatentReaderTrainingTest {
  private static final int SIDE = 32;

  /** Dots two places apart are what a two-place mean leaves nothing of. */
  @Test
  void whatIsFineIsNeverSoftenedAway() {
    float[] dots = new float[SIDE * SIDE];
    for (int i = 0; i < dots.length; i++) {
      dots[i] = i % 2 == 0 ? 4 : -4;
    }
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(1)) {
      Tensor dotted = torch.tensor(dots).view(1, 1, SIDE, SIDE).expand(4, 8, SIDE, SIDE);
      for (int seed = 0; seed < 20; seed++) {
        Tensor seen = LatentReaderTraining.altered(dotted, 1, noise, new Random(seed));
        double strength = seen.abs().mean(new long[] {1, 2, 3}).min().item_double();
        assertTrue(strength > 1.5, strength + " of 4 is left, seed " + seed);
      }
    }
  }
}
