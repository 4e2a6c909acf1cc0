package dev.likeness.portrait.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.headshots.internal.score.PairNetwork;
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
 * Trains a {@link PairNetwork} on renders of people who wear something, of whom each side is faded
 * into the same without it by chance, and of as many others.
 */
final class PairTraining implements AutoCloseable {
  private static final int SIZE = 256;
  private static final int LOOKS = 6;

  private final TensorRegion region = new TensorRegion();
  private final long seed;
  private final Tensor sides;
  private final Tensor shares;

  /** Renders {@code people}, from {@code first} on, every second of whom wears it. */
  PairTraining(
      PairNetwork.Accessory worn, long first, int people, long seed, IntConsumer progress) {
    this.seed = seed;
    try (TensorScope scope = TensorScope.open()) {
      TensorVector seen = new TensorVector();
      TensorVector known = new TensorVector();
      long number = first;
      for (int i = 0; i < people; i++) {
        boolean wearing = i % 2 == 0;
        while (WornPicture.isWorn(Person.random(number), worn) != wearing
            || isNeither(Person.random(number), worn)) {
          number++;
        }
        look(number++, worn, wearing, seen, known);
        progress.accept(i + 1);
      }
      sides = region.keep(torch.cat(seen, 0));
      shares = region.keep(torch.cat(known, 0));
    }
  }

  private static void look(
      long number,
      PairNetwork.Accessory worn,
      boolean wearing,
      TensorVector seen,
      TensorVector known) {
    Portrait portrait = Renderer.render(Person.random(number), shot(new Random(number)), SIZE);
    WornPicture image = wearing
        ? WornPicture.of(portrait, worn)
        : new WornPicture(portrait, portrait.image(), worn);
    double right = image.visible(1);
    double left = image.visible(-1);
    Random random = new Random(~number);
    for (int look = 0; look < LOOKS; look++) {
      double onRight = share(random);
      double onLeft = share(random);
      RgbImage faded = wearing ? image.with(onLeft, onRight) : portrait.image();
      seen.push_back(
          PairNetwork.patches(faded, SimulatedDetection.of(portrait.landmarks(), random), worn));
      known.push_back(torch.tensor((float) (onRight * right), (float) (onLeft * left)));
    }
  }

  private static Shot shot(Random random) {
    Shot shot = Shot.headshot(random);
    float turn = 0.5f + 0.5f * random.nextFloat();
    return shot.withNoise(shot.noise() / 2)
        .withPose(
            turn * shot.pose().yaw(),
            turn * shot.pose().pitch(),
            turn * shot.pose().roll());
  }

  // Studs, and hoops under hair, are neither there nor not.
  private static boolean isNeither(Person person, PairNetwork.Accessory worn) {
    return worn == PairNetwork.Accessory.HOOPS
        && person.earrings()
        && !WornPicture.isWorn(person, worn);
  }

  /** Mostly all or nothing. */
  private static double share(Random random) {
    double at = random.nextDouble();
    return at < 0.45 ? 1 : at < 0.75 ? 0 : random.nextDouble();
  }

  /** Trains to {@code steps}, going on from {@code state} where it is there. */
  void run(Path state, int steps) {
    new PatchTraining(
            sides,
            shares,
            seed,
            (weights, shown) -> new PairNetwork(weights).forward(shown),
            (said, known) -> torch.binary_cross_entropy_with_logits(said, known))
        .run("pairs", state, steps);
  }

  @Override
  public void close() {
    region.close();
  }
}
