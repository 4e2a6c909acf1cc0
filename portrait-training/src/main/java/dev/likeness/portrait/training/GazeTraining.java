package dev.likeness.portrait.training;

import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.training.TrainableWeights;
import dev.likeness.diffusion.weights.Weights;
import dev.likeness.headshots.score.EyeNetwork;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Portrait;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.IntConsumer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Trains the {@link EyeNetwork} on renders of people who look somewhere, their eyes found as far off as detectors find them. */
final class GazeTraining implements AutoCloseable {
  private static final int SIZE = 256;
  private static final int LOOKS = 6;
  private static final int BATCH = 64;
  // As far as eyes turn; the lens is 0.
  private static final float FARTHEST = 1.24f;
  private static final double NOISE = 0.1;

  private final TensorRegion region = new TensorRegion();
  private final long seed;
  private final Tensor eyes;
  private final Tensor irises;

  /** Renders {@code people}, from {@code first} on. */
  GazeTraining(long first, int people, long seed, IntConsumer progress) {
    this.seed = seed;
    try (TensorScope scope = TensorScope.open()) {
      TensorVector seen = new TensorVector();
      float[] known = new float[people * LOOKS * 2];
      for (int i = 0; i < people; i++) {
        Random random = new Random(first + i);
        Shot shot = Shot.headshot(random);
        Portrait portrait = Renderer.render(Person.random(first + i), shot.withNoise(shot.noise() / 2)
            .withGaze(FARTHEST * (2 * random.nextFloat() - 1), shot.gazeY()), SIZE);
        for (int look = 0; look < LOOKS; look++) {
          seen.push_back(EyeNetwork.seen(portrait.picture(), AsFound.of(portrait.landmarks(), random), random.nextInt(7) - 3,
              random.nextInt(5) - 2));
          known[2 * (i * LOOKS + look)] = portrait.shot().irisX();
          known[2 * (i * LOOKS + look) + 1] = -portrait.shot().irisX();
        }
        progress.accept(i + 1);
      }
      eyes = region.keep(torch.cat(seen, 0));
      irises = region.keep(torch.tensor(known));
    }
  }

  /** Trains to {@code steps}, going on from {@code state} where it is there. */
  void run(Path state, int steps) {
    Hyperparameters numbers = new Hyperparameters(3e-3, Math.min(50, steps / 4), 0.01, 1, 0.995);
    new TrainingLoop("gaze", steps, numbers, seed, name -> name.startsWith("out.")).run(state, this::step,
        (weights, number) -> { });
  }

  private double step(TrainableWeights weights, long number) {
    Random random = new Random(seed * 31 + number);
    long[] chosen = random.longs(BATCH, 0, eyes.size(0)).toArray();
    try (TensorScope scope = TensorScope.open(); NoiseSource noise = NoiseSource.seeded(seed * 1_000_003 + number)) {
      Tensor which = torch.tensor(chosen);
      Tensor shown = eyes.index_select(0, which);
      Tensor contrast = noise.next(BATCH, 1, 1).squeeze(0).unsqueeze(-1).mul(new Scalar(0.25)).exp();
      Tensor noisy = shown.mul(contrast).add(noise.next(shown.size(0), shown.size(2), shown.size(3)).squeeze(0)
          .unsqueeze(1).mul(new Scalar(NOISE)));
      Tensor loss = new EyeNetwork(Weights.of(weights)).forward(noisy).sub(irises.index_select(0, which)).abs().mean();
      loss.backward();
      return loss.item_float();
    }
  }

  @Override
  public void close() {
    region.close();
  }
}
