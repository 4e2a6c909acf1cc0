package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class DiscriminantTest {
  private static final int PEOPLE = 4000;
  private static final int PHOTOS = 4;

  /**
   * People differ by 1 in the first number and photos by 0.1; in the second photos by 10; in the
   * third both by 1.
   */
  @Test
  void countsWhatTellsPeopleApartAndEvensWhatPhotosChange() {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(1)) {
      Tensor people = noise.next(PEOPLE, 1, 3).squeeze(0).mul(torch.tensor(1f, 0f, 1f));
      Tensor photos = noise.next(PEOPLE, PHOTOS, 3).squeeze(0).mul(torch.tensor(0.1f, 10f, 1f));
      Discriminant turn = Discriminant.of(people.add(photos).add(new Scalar(5.0)));
      assertTrue(
          turn.mean().sub(new Scalar(5.0)).abs().max().item_float() < 0.2, "the mean is found");
      Tensor lengths = turn.matrix().square().sum(0).sqrt();
      // Spread within 0.1, 10 and 1; signal over noise 100, 0 and 1: sqrt(signal / (signal + 1)) /
      // spread.
      assertEquals(9.95, lengths.get(0).item_float(), 0.4);
      assertEquals(0, lengths.get(1).item_float(), 0.03);
      assertEquals(0.707, lengths.get(2).item_float(), 0.05);
    }
  }

  @Test
  void pointsWhereOtherVectorsDoAndKeepsEveryCosine() {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(2)) {
      Tensor features = noise
          .next(50, PHOTOS, 3)
          .squeeze(0)
          .add(noise.next(50, 1, 3).squeeze(0).mul(new Scalar(4.0)));
      Discriminant turn = Discriminant.of(features);
      Tensor before = vectors(turn, features);
      // Numbers change places, one changes its sign, and lengths do not count.
      Tensor others =
          before.index_select(-1, torch.tensor(2L, 0L, 1L)).mul(torch.tensor(-3f, 3f, 3f));
      Tensor after = vectors(turn.along(features, others.view(50, PHOTOS, 3)), features);
      assertTrue(
          after.sub(others.div(new Scalar(3.0))).abs().max().item_float() < 1e-4,
          "they point the same way");
      assertTrue(
          before.matmul(before.t()).sub(after.matmul(after.t())).abs().max().item_float() < 1e-4,
          "cosines stay");
    }
  }

  private static Tensor vectors(Discriminant turn, Tensor features) {
    return LatentEyeTraining.unit(
        features.sub(turn.mean()).matmul(turn.matrix().t()).flatten(0, 1));
  }
}
