package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Trains a {@link LatentEye} on {@link PeopleLatents}: half of each batch are the base's guesses,
 * half latents, softened, paled and grainy. What an embedder sees of a person is the mean over
 * their images, in numbers of variance one together.
 */
final class LatentEyeTraining implements AutoCloseable {
  private static final int BATCH = 64;
  private static final Hyperparameters NUMBERS =
      new Hyperparameters(2e-3, 50, () -> TrainingDevice.muon(0.02), 0, 0.99);
  private static final int HELD = 200;
  private static final double GRAIN = 0.3;
  /** How far faces are looked at astray: of half a side, and as turns and sizes. */
  private static final double ASTRAY = 0.04;

  private final TensorRegion region = new TensorRegion();
  private final Tensor latents;
  private final Tensor guesses;
  private final Tensor places;
  private final Tensor seen;
  private final PersonTraits traits;
  private final int people;
  private final long seed;

  /**
   * Learns what {@code file} has of the first {@code people}, but for the last 200 or a tenth of
   * them.
   */
  LatentEyeTraining(Path file, PeopleRenders renders, int people, long seed) {
    this.people = people;
    this.seed = seed;
    traits = PersonTraits.of(IntStream.range(0, people)
        .mapToObj(i -> renders.person((long) i * PeopleRenders.SHOTS))
        .toList());
    try (TensorScope scope = TensorScope.open();
        Safetensors source = Safetensors.open(file)) {
      latents = region.keep(source.read("latents").clone());
      guesses = region.keep(source.read("guesses").clone());
      places = region.keep(source.read("places").clone());
      Tensor each = source.read("seen");
      long width = each.size(1);
      seen = region.keep(
          each.view(-1, PeopleRenders.SHOTS, width).mean(1).mul(new Scalar(Math.sqrt(width))));
    }
  }

  /** How many numbers the eye tells. */
  int numbers() {
    return (int) seen.size(1) + traits.count();
  }

  /**
   * Trains to {@code steps}, going on from {@code file} where it is there; the state is saved as it
   * goes.
   */
  void run(Path file, int steps) {
    runTo(file, steps, steps);
  }

  /** As {@link #run}, but stops after step {@code last}. */
  void runTo(Path file, int steps, int last) {
    new TrainingLoop("latent eye", steps, NUMBERS, seed, name -> name.endsWith("conv2.weight"))
        .runTo(file, last, this::step, (weights, step) -> trial(weights));
  }

  private double step(TrainableWeights weights, long step) {
    Random random = StepRandom.choices(seed, step);
    int learnt = (people - held()) * PeopleRenders.SHOTS;
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = StepRandom.noise(seed, step)) {
      int[] chosen = random.ints(Math.min(BATCH, learnt), 0, learnt).toArray();
      int half = chosen.length / 2;
      Tensor guessed = rows(guesses, Arrays.copyOf(chosen, half));
      Tensor clean =
          altered(rows(latents, Arrays.copyOfRange(chosen, half, chosen.length)), noise, random);
      Tensor told = eye(weights)
          .forward(
              torch.cat(new TensorVector(guessed, clean), 0), astray(rows(places, chosen), random));
      Tensor loss = torch.mse_loss(told, right(chosen));
      loss.backward();
      return loss.item_float();
    }
  }

  private LatentEye eye(TrainableWeights weights) {
    return new LatentEye(
        Weights.of(new Parameters.CastParameters(weights, TrainingDevice.TYPE)), numbers());
  }

  private Tensor right(int[] images) {
    int[] persons = Arrays.stream(images).map(i -> i / PeopleRenders.SHOTS).toArray();
    return torch.cat(
        new TensorVector(rows(seen, persons), traits.of(images, PeopleRenders.SHOTS)), 1);
  }

  static Tensor rows(Tensor all, int[] chosen) {
    Tensor index = torch.tensor(Arrays.stream(chosen).asLongStream().toArray());
    return TrainingDevice.placed(all.index_select(0, index).to(ScalarType.Float));
  }

  private static Tensor altered(Tensor clean, NoiseSource noise, Random random) {
    int n = (int) clean.size(0);
    int side = (int) clean.size(2);
    Tensor soft = Alteration.halfSoftened(clean, side / 2 + random.nextInt(side / 2));
    Tensor grain = TrainingDevice.noise(noise, n, clean.size(1), side, side)
        .mul(new Scalar(GRAIN * random.nextDouble()));
    return soft.mul(new Scalar(0.85 + 0.2 * random.nextDouble())).add(grain);
  }

  private static Tensor astray(Tensor places, Random random) {
    float[] shifts = new float[(int) places.numel()];
    for (int i = 0; i < shifts.length; i++) {
      shifts[i] = (float) (ASTRAY * random.nextGaussian()) * (i % 3 == 2 ? .5f : .25f);
    }
    return places.add(TrainingDevice.placed(torch.tensor(shifts)).view_as(places));
  }

  private int held() {
    return Math.max(1, Math.min(HELD, people / 10));
  }

  /**
   * Of people that it does not learn from: the mean squared error of what the embedder sees, and
   * how often one image of a person is nearest to what it sees of that person.
   */
  private void trial(TrainableWeights weights) {
    int first = (people - held()) * PeopleRenders.SHOTS;
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      int[] shown = IntStream.range(0, held())
          .map(i -> first + i * PeopleRenders.SHOTS + i % PeopleRenders.SHOTS)
          .toArray();
      Tensor truth =
          TrainingDevice.placed(seen.narrow(0, people - held(), held()).contiguous());
      for (Tensor source : new Tensor[] {latents, guesses}) {
        Tensor told = eye(weights)
            .forward(rows(source, shown), rows(places, shown))
            .narrow(1, 0, seen.size(1));
        Tensor nearest = unit(told).matmul(unit(truth).t()).argmax(new LongOptional(1), false);
        double found = nearest
            .eq(TrainingDevice.placed(torch.arange(new Scalar(held()))))
            .to(ScalarType.Float)
            .mean()
            .item_double();
        System.err.printf(
            Locale.ROOT,
            "latent eye: %s: error %.3f, %.3f of %d found%n",
            source == latents ? "latents" : "guesses",
            torch.mse_loss(told, truth).item_double(),
            found,
            held());
      }
    }
  }

  static Tensor unit(Tensor rows) {
    return rows.div(rows.norm(new ScalarOptional(new Scalar(2)), new long[] {1}, true));
  }

  @Override
  public void close() {
    region.close();
  }
}
