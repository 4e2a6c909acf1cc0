package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class GradientSharesTest {
  private static final int SHARES = 3;

  private static Tensor loss(Parameters weights, Tensor rows) {
    return rows.matmul(weights.get("inner", 5, 4))
        .tanh()
        .matmul(weights.get("outer", 4, 1))
        .square()
        .mean();
  }

  private static TrainableWeights weights(NoiseSource noise) {
    return new TrainableWeights(WeightInitializer.seeded(noise, name -> false));
  }

  @Test
  void equalTheGradientOfTheWholeBatch() {
    try (TensorScope scope = TensorScope.open();
        NoiseSource rows = NoiseSource.seeded(1L);
        NoiseSource some = NoiseSource.seeded(2L);
        NoiseSource same = NoiseSource.seeded(2L);
        TrainableWeights whole = weights(some);
        TrainableWeights shared = weights(same)) {
      Tensor batch = rows.next(2 * SHARES, 5).squeeze(0);
      for (int i = 0; i < 2; i++) {
        double one = GradientShares.backward(whole, 1, (own, share) -> loss(own, batch));
        double sum = GradientShares.backward(
            shared, SHARES, (own, share) -> loss(own, batch.narrow(0, 2L * share, 2)));
        assertEquals(one, sum, 1e-6);
      }
      whole
          .leaves()
          .forEach((name, leaf) -> assertTrue(
              torch.allclose(leaf.grad(), shared.leaves().get(name).grad(), 1e-5, 1e-6, false),
              name));
    }
  }

  @Test
  void failWithTheFirstShareThatFails() {
    try (TensorScope scope = TensorScope.open();
        NoiseSource some = NoiseSource.seeded(2L);
        TrainableWeights weights = weights(some)) {
      IllegalStateException told = assertThrows(
          IllegalStateException.class,
          () -> GradientShares.backward(weights, SHARES, (own, share) -> {
            throw new IllegalStateException("share " + share);
          }));
      assertEquals("share 0", told.getMessage());
    }
  }
}
