package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Trains a small network that reads a number from patches of faces, which are shown with more and
 * less contrast and some grain.
 *
 * @param seen patches [n, channels, h, w]
 * @param known what the network is to say of each, [n]
 * @param network what it says of patches
 * @param loss of what it says beside what is known
 */
record PatchTraining(
    Tensor seen,
    Tensor known,
    long seed,
    BiFunction<Weights, Tensor, Tensor> network,
    BinaryOperator<Tensor> loss) {
  private static final int BATCH = 64;
  private static final double NOISE = 0.1;
  private static final double CONTRAST = 0.25;

  /** Trains to {@code steps}, going on from {@code state} where it is there. */
  void run(String name, Path state, int steps) {
    Hyperparameters numbers = new Hyperparameters(3e-3, Math.min(50, steps / 4), 0.01, 1, 0.995);
    new TrainingLoop(name, steps, numbers, seed, weight -> weight.startsWith("out."))
        .run(state, this::step, (weights, number) -> {});
  }

  private double step(TrainableWeights weights, long number) {
    Random random = StepRandom.choices(seed, number);
    long[] chosen = random.longs(BATCH, 0, seen.size(0)).toArray();
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = StepRandom.noise(seed, number)) {
      Tensor which = torch.tensor(chosen);
      Tensor shown = TrainingDevice.placed(seen.index_select(0, which));
      Tensor contrast = TrainingDevice.noise(noise, BATCH, 1, 1)
          .unsqueeze(-1)
          .mul(new Scalar(CONTRAST))
          .exp();
      Tensor grain = TrainingDevice.noise(
              noise, BATCH * shown.size(1), shown.size(2), shown.size(3))
          .view(shown.sizes());
      Tensor said =
          network.apply(Weights.of(weights), shown.mul(contrast).add(grain.mul(new Scalar(NOISE))));
      Tensor error = loss.apply(said, TrainingDevice.placed(known.index_select(0, which)));
      error.backward();
      return error.item_float();
    }
  }
}
