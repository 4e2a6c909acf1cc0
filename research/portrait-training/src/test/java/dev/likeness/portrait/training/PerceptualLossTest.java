package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.DiffusionObjective;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Prediction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class PerceptualLossTest {
  private static final int[] TIMESTEPS = {100, 700};
  private static final NoiseSchedule SCHEDULE = NoiseSchedule.stableDiffusion();

  /** Sees every channel's mean and nothing else. */
  private static final PerceptualLoss MEANS =
      new PerceptualLoss("means", (x, images) -> x.flatten(2, -1).mean(2), 3, 1);

  private static final int[] IMAGES = {0, 1};

  @Test
  void convertsEveryPredictionTypeToX0() {
    for (Prediction prediction :
        new Prediction[] {Prediction.EPSILON, Prediction.V, Prediction.SAMPLE}) {
      DiffusionObjective objective = new DiffusionObjective(SCHEDULE, prediction, 0);
      try (TensorScope scope = TensorScope.open();
          NoiseSource random = NoiseSource.seeded(1)) {
        Tensor clean = random.next(2, 4, 8, 8).squeeze(0);
        Tensor noise = random.next(2, 4, 8, 8).squeeze(0);
        Tensor noised = objective.addNoise(clean, noise, TIMESTEPS);
        Tensor right = objective.target(clean, noise, TIMESTEPS);
        assertTrue(
            torch.allclose(
                objective.predictedX0(right, noised, TIMESTEPS), clean, 1e-4, 1e-4, false),
            prediction.name());
        assertEquals(
            0, MEANS.of(objective, right, noised, clean, TIMESTEPS, IMAGES).item_double(), 1e-8);
      }
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new DiffusionObjective(SCHEDULE, Prediction.FLOW, 0)
            .predictedX0(null, null, TIMESTEPS));
  }

  @Test
  void weighsTheReadFeaturesByTheRemainingSignal() {
    DiffusionObjective objective = new DiffusionObjective(SCHEDULE, Prediction.SAMPLE, 0);
    try (TensorScope scope = TensorScope.open();
        NoiseSource random = NoiseSource.seeded(1)) {
      Tensor clean = random.next(2, 4, 8, 8).squeeze(0);
      Tensor ripple = torch.ones(2, 4, 8, 8);
      ripple.narrow(3, 0, 4).fill_(new Scalar(-1));
      assertEquals(
          0,
          MEANS
              .of(objective, clean.add(ripple), clean, clean, TIMESTEPS, IMAGES)
              .item_double(),
          1e-8);
      Tensor answer = clean.add(new Scalar(0.5)).requires_grad_(true);
      Tensor loss = MEANS.of(objective, answer, clean, clean, TIMESTEPS, IMAGES);
      double left = (SCHEDULE.level(100).alpha() + SCHEDULE.level(700).alpha()) / 2;
      assertEquals(3 * 0.25 * left, loss.item_double(), 1e-5);
      loss.backward();
      Tensor first = answer.grad().select(0, 0);
      assertEquals(
          first.max().item_double(),
          first.min().item_double(),
          1e-9,
          "every place of a mean alike");
      assertEquals(
          SCHEDULE.level(100).alpha() / SCHEDULE.level(700).alpha(),
          first.max().item_double() / answer.grad().select(0, 1).max().item_double(),
          1e-4);
      answer.grad().close();
      PerceptualLoss alike = new PerceptualLoss("means", MEANS.reader(), 3, 0);
      assertEquals(
          3 * 0.25,
          alike.of(objective, answer, clean, clean, TIMESTEPS, IMAGES).item_double(),
          1e-5);
    }
  }
}
