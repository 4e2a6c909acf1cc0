package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.headshots.internal.photo.CaptionerNetwork;
import dev.likeness.portrait.people.Attribute;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Trains the captioner on renders that are framed as photos are, with a random difference at each
 * step. The loss is the sum of the cross-entropies of all heads.
 */
final class CaptionerTraining {
  /** The least that is shown of a render's side. */
  private static final double TIGHTEST = 0.6;

  private static final int BILINEAR = 0;
  private static final int BORDER = 1;

  private final RenderStore renders;
  private final PortraitRenders known;
  private final WordLoss words;
  private final CaptionerNetwork.Shape shape;
  private final int images;
  private final int batch;
  private final long seed;

  /**
   * @param renders of which the first {@code images} are learnt
   * @param known what drew them
   * @param batch images a step
   */
  CaptionerTraining(RenderStore renders, PortraitRenders known, int images, int batch, long seed) {
    this.renders = renders;
    this.known = known;
    this.words = new WordLoss(known::person, known::shot, images);
    this.shape = Architecture.captionerShape();
    this.images = images;
    this.batch = batch;
    this.seed = seed;
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
    ReadingLoop.of("captioner", steps, seed).runTo(file, last, this::step, (weights, number) -> {});
  }

  private double step(TrainableWeights weights, long step) {
    Random random = StepRandom.choices(seed, step);
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = StepRandom.noise(seed, step)) {
      int[] chosen = random.ints(batch, 0, images).toArray();
      TensorVector shown = new TensorVector();
      for (int i : chosen) {
        shown.push_back(framed(i, random));
      }
      Tensor input = Alteration.of(
              TrainingDevice.placed(torch.cat(shown, 0)), ReadingLoop.SOFTEST, noise, random)
          .to(TrainingDevice.TYPE);
      CaptionerNetwork network = new CaptionerNetwork(
          shape, Weights.of(new Parameters.CastParameters(weights, TrainingDevice.TYPE)));
      Map<String, Tensor> scores = network.wordLogits(network.features(input));
      Map<Attribute, Tensor> told = new EnumMap<>(Attribute.class);
      PhotoSlot.ALL.forEach(slot -> told.put(slot.attribute(), scores.get(slot.name())));
      Tensor loss = words.of(told, chosen);
      loss.backward();
      return loss.item_float();
    }
  }

  /** A square of a render with its face where intake has it, more or less. */
  private Tensor framed(int index, Random random) {
    double side = TIGHTEST + (1 - TIGHTEST) * random.nextDouble();
    float[] face = known.landmarks(index);
    double room = 1 - side;
    double x = inside(
        (face[0] + face[2] + face[6] + face[8]) / 2 / CaptionerNetwork.SIDE - 1 + shift(random),
        room);
    double y = inside(
        (face[1] + face[3] + face[7] + face[9]) / 2 / CaptionerNetwork.SIDE - 1 + shift(random),
        room);
    float[] map = {(float) side, 0, (float) x, 0, (float) side, (float) y};
    Tensor grid = torch.affine_grid_generator(
        torch.tensor(map).view(1, 2, 3),
        new long[] {1, 3, CaptionerNetwork.SIDE, CaptionerNetwork.SIDE},
        false);
    return torch.grid_sampler(
        ImageTensors.toSigned(renders.image(index)), grid, BILINEAR, BORDER, false);
  }

  private static double shift(Random random) {
    return 0.08 * random.nextGaussian();
  }

  private static double inside(double middle, double room) {
    return Math.max(-room, Math.min(room, middle));
  }
}
