package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Trains a {@link LatentReader} to tell of latents the {@link PersonTraits} and the words of every
 * {@link dev.likeness.portrait.people.Attribute}.
 */
final class LatentReaderTraining {
  private static final String NAME = "latent reader";
  private static final int SHARES = 2;
  private static final int SHARE = 32;
  private static final Hyperparameters NUMBERS =
      new Hyperparameters(2e-3, 50, () -> TrainingDevice.muon(0.02), 0, 0.99);
  private static final int HELD = 500;
  private static final double TRAITS = 10;
  private static final double GRAIN = 0.15;
  private static final double SOFTEST = 0.5;
  private static final float PALEST = 0.5f;
  private static final float STRONGEST = 1.05f;

  private final LatentSet data;
  private final PersonTraits traits;
  private final WordLoss words;
  private final int learnt;
  private final long seed;
  private Path start;
  private Map<String, String> made = Map.of();

  /**
   * Learns {@code data}, of which {@code known} knows what drew it, but for the last 500 images or
   * a tenth of them.
   */
  LatentReaderTraining(LatentSet data, PortraitRenders known, long seed) {
    this(data, known, (int) Math.min(HELD, data.size() / 10), seed);
  }

  LatentReaderTraining(LatentSet data, PortraitRenders known, int held, long seed) {
    this.data = data;
    this.traits = PersonTraits.of(
        IntStream.range(0, (int) data.size()).mapToObj(known::person).toList());
    this.words = new WordLoss(known::person, known::shot, (int) data.size());
    this.learnt = (int) data.size() - held;
    this.seed = seed;
  }

  /**
   * Begins with what another run's {@code state} learnt, not with random weights, where there is no
   * state to go on from.
   */
  void startFrom(Path state) {
    start = state;
  }

  /** Lets states say how they came to be. */
  void tell(Map<String, String> told) {
    made = told;
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
    loop(steps).telling(made).runTo(file, last, this::step, (weights, step) -> trial(weights));
  }

  private TrainingLoop loop(int steps) {
    return start == null
        ? new TrainingLoop(
            NAME,
            steps,
            NUMBERS,
            seed,
            name -> name.endsWith("conv2.weight") || name.startsWith("words"))
        : TrainingLoop.from(start, TrainingLoop::average, NAME, steps, NUMBERS, seed);
  }

  private double step(TrainableWeights weights, long step) {
    return GradientShares.backward(
        weights, SHARES, (own, share) -> loss(own, step * SHARES + share));
  }

  /** Of the images that share {@code number} of all draws. */
  private Tensor loss(Parameters weights, long number) {
    Random random = StepRandom.choices(seed, number);
    try (NoiseSource noise = StepRandom.noise(seed, number)) {
      int[] chosen = random.ints(Math.min(SHARE, learnt), 0, learnt).toArray();
      Tensor shown = altered(data.latents(chosen), PALEST, noise, random).to(TrainingDevice.TYPE);
      LatentReader reader = new LatentReader(
          Weights.of(new Parameters.CastParameters(weights, TrainingDevice.TYPE)), traits.count());
      Tensor features = reader.features(shown);
      return torch
          .mse_loss(reader.heads().traits(features), traits.of(chosen, 1))
          .mul(new Scalar(TRAITS))
          .add(words.of(reader.heads().words(features), chosen));
    }
  }

  /**
   * Half of the latents softened; all moved a little, paler, at most so many times as strong, or
   * stronger, and grainy: as a drawing model guesses them on its way. None is softened by more than
   * half, since a dotted coat, whose dots are two places apart, is none without them, and who has
   * to call it dotted all the same takes any texture for dots.
   */
  static Tensor altered(Tensor latents, float palest, NoiseSource noise, Random random) {
    int n = (int) latents.size(0);
    int side = (int) latents.size(2);
    float[] gains = new float[n];
    float[] grains = new float[n];
    for (int i = 0; i < n; i++) {
      gains[i] = palest + (STRONGEST - palest) * random.nextFloat();
      grains[i] = (float) GRAIN * random.nextFloat();
    }
    Tensor moved = Alteration.shifted(latents, 1, random);
    Tensor softened = Alteration.halfSoftened(moved, side / 2 + random.nextInt(side / 2));
    Tensor soft = moved.add(softened.sub(moved).mul(new Scalar(SOFTEST * random.nextDouble())));
    Tensor grain = TrainingDevice.noise(noise, n, latents.size(1), side, side)
        .mul(TrainingDevice.placed(torch.tensor(grains)).view(n, 1, 1, 1));
    return soft.mul(TrainingDevice.placed(torch.tensor(gains)).view(n, 1, 1, 1)).add(grain);
  }

  /**
   * Of images that it does not learn from: how much of the traits it cannot tell, and how often
   * each word is right, and where one is said.
   */
  private void trial(TrainableWeights weights) {
    int[] held = IntStream.range(learnt, (int) data.size()).toArray();
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      LatentReader reader = new LatentReader(
          Weights.of(new Parameters.CastParameters(weights, TrainingDevice.TYPE)), traits.count());
      Tensor features = reader.features(data.latents(held).to(TrainingDevice.TYPE));
      System.err.printf(
          Locale.ROOT,
          "latent reader: %.3f of people's traits untold; words",
          torch.mse_loss(reader.heads().traits(features), traits.of(held, 1)).item_double());
      reader
          .heads()
          .words(features)
          .forEach((attribute, scores) -> System.err.printf(
              Locale.ROOT,
              " %s %.2f (%.2f said)",
              attribute.name().toLowerCase(Locale.ROOT),
              words.share(attribute, scores, held),
              words.said(attribute, scores, held)));
      System.err.println();
    }
  }
}
