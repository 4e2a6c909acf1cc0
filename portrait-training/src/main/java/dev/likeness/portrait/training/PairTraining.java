package dev.likeness.portrait.training;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.training.TrainableWeights;
import dev.likeness.diffusion.weights.Weights;
import dev.likeness.headshots.score.PairNetwork;
import dev.likeness.headshots.score.Worn;
import dev.likeness.portrait.people.Glasses;
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

/**
 * Trains a {@link PairNetwork} on renders of people who wear something, of whom each side is faded into the same without it by
 * chance, and of as many others.
 */
final class PairTraining implements AutoCloseable {
  private static final int SIZE = 256;
  private static final int LOOKS = 6;
  private static final int BATCH = 64;
  private static final double NOISE = 0.1;

  private final TensorRegion region = new TensorRegion();
  private final long seed;
  private final Tensor sides;
  private final Tensor shares;

  /** Renders {@code people}, from {@code first} on, every second of whom wears it. */
  PairTraining(Worn worn, long first, int people, long seed, IntConsumer progress) {
    this.seed = seed;
    try (TensorScope scope = TensorScope.open()) {
      TensorVector seen = new TensorVector();
      TensorVector known = new TensorVector();
      long number = first;
      for (int i = 0; i < people; i++) {
        boolean wearing = i % 2 == 0;
        while (wears(Person.random(number), worn) != wearing || isNeither(Person.random(number), worn)) {
          number++;
        }
        look(number++, worn, wearing, seen, known);
        progress.accept(i + 1);
      }
      sides = region.keep(torch.cat(seen, 0));
      shares = region.keep(torch.cat(known, 0));
    }
  }

  private static void look(long number, Worn worn, boolean wearing, TensorVector seen, TensorVector known) {
    Portrait portrait = Renderer.render(Person.random(number), shot(new Random(number)), SIZE);
    WornPicture picture = wearing ? WornPicture.of(portrait, worn) : new WornPicture(portrait, portrait.picture(), worn);
    double right = picture.visible(1);
    double left = picture.visible(-1);
    Random random = new Random(~number);
    for (int look = 0; look < LOOKS; look++) {
      double onRight = share(random);
      double onLeft = share(random);
      Picture faded = wearing ? picture.with(onLeft, onRight) : portrait.picture();
      seen.push_back(PairNetwork.seen(faded, AsFound.of(portrait.landmarks(), random), worn));
      known.push_back(torch.tensor((float) (onRight * right), (float) (onLeft * left)));
    }
  }

  private static Shot shot(Random random) {
    Shot shot = Shot.headshot(random);
    float turn = 0.5f + 0.5f * random.nextFloat();
    return shot.withNoise(shot.noise() / 2).withPose(turn * shot.yaw(), turn * shot.pitch(), turn * shot.roll());
  }

  private static boolean wears(Person person, Worn worn) {
    return worn == Worn.GLASSES ? person.glasses() != Glasses.NONE : person.hoops() && person.hair().showsEars();
  }

  // Studs, and hoops under hair, are neither there nor not.
  private static boolean isNeither(Person person, Worn worn) {
    return worn == Worn.HOOPS && person.earrings() && !wears(person, worn);
  }

  /** Mostly all or nothing. */
  private static double share(Random random) {
    double at = random.nextDouble();
    return at < 0.45 ? 1 : at < 0.75 ? 0 : random.nextDouble();
  }

  /** Trains to {@code steps}, going on from {@code state} where it is there. */
  void run(Path state, int steps) {
    Hyperparameters numbers = new Hyperparameters(3e-3, Math.min(50, steps / 4), 0.01, 1, 0.995);
    new TrainingLoop("pairs", steps, numbers, seed, name -> name.startsWith("out.")).run(state, this::step,
        (weights, number) -> { });
  }

  private double step(TrainableWeights weights, long number) {
    Random random = new Random(seed * 31 + number);
    long[] chosen = random.longs(BATCH, 0, sides.size(0)).toArray();
    try (TensorScope scope = TensorScope.open(); NoiseSource noise = NoiseSource.seeded(seed * 1_000_003 + number)) {
      Tensor which = torch.tensor(chosen);
      Tensor shown = sides.index_select(0, which);
      Tensor contrast = noise.next(BATCH, 1, 1).squeeze(0).unsqueeze(-1).mul(new Scalar(0.25)).exp();
      Tensor grain = noise.next(BATCH * shown.size(1), shown.size(2), shown.size(3)).view(shown.sizes());
      Tensor logits = new PairNetwork(Weights.of(weights))
          .forward(shown.mul(contrast).add(grain.mul(new Scalar(NOISE))));
      Tensor loss = torch.binary_cross_entropy_with_logits(logits, shares.index_select(0, which));
      loss.backward();
      return loss.item_float();
    }
  }

  @Override
  public void close() {
    region.close();
  }
}
