package dev.likeness.diffusion.internal.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class EmaTest {
  /**
   * It begins as the first weights; the second update keeps 3 / 12 of it, which is less than the
   * decay, the third the decay.
   */
  @Test
  void warmsUpToItsDecay() {
    try (Ema ema = new Ema(0.3)) {
      update(ema, 1, 2, -8);
      assertAverage(ema, 2, -8);
      update(ema, 2, 6, 4);
      assertAverage(ema, 0.25f * 2 + 0.75f * 6, 0.25f * -8 + 0.75f * 4);
      update(ema, 3, 1, 11);
      assertAverage(ema, 0.3f * 5 + 0.7f * 1, 0.3f * 1 + 0.7f * 11);
    }
  }

  @Test
  void goesOnFromWhatACheckpointKept() {
    try (Ema ema = new Ema(0.3);
        TensorScope scope = TensorScope.open()) {
      ema.restore(Map.of("w", torch.tensor(new float[] {5, 1})));
      update(ema, 3, 1, 11);
      assertAverage(ema, 2.2f, 8);
    }
  }

  private static void update(Ema ema, long step, float... weights) {
    try (TensorScope scope = TensorScope.open()) {
      ema.update(Map.of("w", torch.tensor(weights)), step);
    }
  }

  private static void assertAverage(Ema ema, float... expected) {
    try (TensorScope scope = TensorScope.open()) {
      assertArrayEquals(expected, ImageTensors.floats(ema.average().get("w")), 1e-5f);
    }
  }
}
