package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.portrait.attributes.AttributeNetwork;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Trains the network that reads attributes back, on renders and what is known of them: the sum of
 * every head's cross-entropy, and how far off it foretells the {@link PersonTraits} that made the
 * person.
 */
final class AttributeTraining {
  private static final String TOLD = "told";
  /** Brings the traits' mean error beside the sum over all attributes. */
  private static final double TRAITS = 10;

  private static final int SHARES = 2;

  private final RenderStore renders;
  private final WordLoss words;
  private final int images;
  private final int batch;
  private final long seed;
  private final PersonTraits traits;

  /**
   * @param renders of which the first {@code images} are learnt
   * @param known what drew them
   * @param batch images a step, a multiple of 4: two shares of them are learnt at once, half of
   *     each softened
   */
  AttributeTraining(RenderStore renders, PortraitRenders known, int images, int batch, long seed) {
    requireShares(batch);
    this.renders = renders;
    this.words = new WordLoss(known::person, known::shot, images);
    this.images = images;
    this.batch = batch;
    this.seed = seed;
    this.traits =
        PersonTraits.of(IntStream.range(0, images).mapToObj(known::person).toList());
  }

  /** Refuses a batch of which no two equal shares can be half softened. */
  static void requireShares(int batch) {
    if (batch < 1 || batch % (2 * SHARES) != 0) {
      throw new IllegalArgumentException("BATCH " + batch + " given; expected a multiple of "
          + 2 * SHARES + ": two equal shares are learnt at once, half of each softened");
    }
  }

  /** Whether a weight of the state is the network's, and not training's alone. */
  static boolean isNetworks(String name) {
    return !name.contains("." + TOLD + ".");
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
    ReadingLoop.of("attributes", steps, seed)
        .runTo(file, last, this::step, (weights, number) -> {});
  }

  private double step(TrainableWeights weights, long step) {
    return GradientShares.backward(
        weights, SHARES, (own, share) -> loss(own, step * SHARES + share));
  }

  /** Of the images that share {@code number} of all draws. */
  private Tensor loss(Parameters weights, long number) {
    Random random = StepRandom.choices(seed, number);
    try (NoiseSource noise = StepRandom.noise(seed, number)) {
      int[] chosen = random.ints(batch / SHARES, 0, images).toArray();
      TensorVector shown = new TensorVector();
      Arrays.stream(chosen).forEach(i -> shown.push_back(ImageTensors.toSigned(renders.image(i))));
      Tensor input = Alteration.of(
              TrainingDevice.placed(torch.cat(shown, 0)), ReadingLoop.SOFTEST, noise, random)
          .to(TrainingDevice.TYPE);
      AttributeNetwork network = new AttributeNetwork(
          Weights.of(new Parameters.CastParameters(weights, TrainingDevice.TYPE)));
      Tensor features = network.features(input);
      Tensor told = new Linear(
              Weights.of(weights).at(TOLD), AttributeNetwork.FEATURES, traits.count())
          .forward(features.to(ScalarType.Float));
      return torch
          .mse_loss(told, traits.of(chosen, 1))
          .mul(new Scalar(TRAITS))
          .add(words.of(network.words(features), chosen));
    }
  }
}
