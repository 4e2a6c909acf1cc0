package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.headshots.internal.score.GazeNetwork;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Portrait;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.IntConsumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Trains the {@link GazeNetwork} on renders of people who look somewhere, their eyes found as far
 * off as detectors find them.
 */
final class GazeTraining implements AutoCloseable {
  private static final int SIZE = 256;
  private static final int LOOKS = 6;
  // As far as eyes turn; the lens is 0.
  private static final float FARTHEST = 1.24f;

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
        Portrait portrait = Renderer.render(
            Person.random(first + i),
            shot.withNoise(shot.noise() / 2)
                .withGaze(FARTHEST * (2 * random.nextFloat() - 1), shot.gaze().y()),
            SIZE);
        for (int look = 0; look < LOOKS; look++) {
          seen.push_back(GazeNetwork.patch(
              portrait.image(),
              SimulatedDetection.of(portrait.landmarks(), random),
              random.nextInt(7) - 3,
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
    new PatchTraining(
            eyes,
            irises,
            seed,
            (weights, shown) -> new GazeNetwork(weights).forward(shown),
            (said, known) -> said.sub(known).abs().mean())
        .run("gaze", state, steps);
  }

  @Override
  public void close() {
    region.close();
  }
}
