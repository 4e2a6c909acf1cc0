package dev.likeness.portrait.training;

import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.training.AdamW;
import dev.likeness.diffusion.training.CastParameters;
import dev.likeness.diffusion.training.Ema;
import dev.likeness.diffusion.training.InitialValues;
import dev.likeness.diffusion.training.LearningRate;
import dev.likeness.diffusion.training.TrainableWeights;
import dev.likeness.diffusion.training.TrainingState;
import dev.likeness.diffusion.weights.Weights;
import dev.likeness.portrait.attributes.AttributeNetwork;
import dev.likeness.portrait.people.Attribute;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.Reduction;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Trains the network that reads attributes back, on renders and what is known of them: the sum of every head's cross-entropy. */
final class AttributeTraining {
  private static final double RATE = 2e-3;
  private static final double SOFTEST = 0.5;
  private static final int SAVE_EVERY = 100;
  private static final long NONE = -1;

  private final RenderStore renders;
  private final PortraitRenders known;
  private final int pictures;
  private final int batch;
  private final long seed;

  /** Learns from the first {@code pictures} of {@code renders}, which {@code known} drew. */
  AttributeTraining(RenderStore renders, PortraitRenders known, int pictures, int batch, long seed) {
    this.renders = renders;
    this.known = known;
    this.pictures = pictures;
    this.batch = batch;
    this.seed = seed;
  }

  /** Trains to {@code steps}, going on from {@code file} where it is there; the state is saved as it goes. */
  void run(Path file, int steps) {
    runTo(file, steps, steps);
  }

  /** As {@link #run}, but stops after step {@code last}. */
  void runTo(Path file, int steps, int last) {
    LearningRate rate = LearningRate.cosine(RATE, steps).warmup(Math.min(50, steps / 4));
    try (NoiseSource first = NoiseSource.seeded(seed); AdamW adam = new AdamW(0.9, 0.99, 1e-8, 0.02);
        TrainableWeights weights = new TrainableWeights(
            InitialValues.seeded(first, name -> name.endsWith("conv2.weight") || name.startsWith("heads.")));
        Ema ema = new Ema(0.99)) {
      TrainingState state = new TrainingState(weights, adam, ema);
      if (Files.exists(file)) {
        state.load(file);
      }
      double average = Double.NaN;
      while (adam.steps() < last) {
        long step = adam.steps();
        double loss = step(weights, step);
        adam.step(weights.leaves(), rate.at(step));
        ema.update(weights.leaves(), step + 1);
        average = Double.isNaN(average) ? loss : 0.95 * average + 0.05 * loss;
        if ((step + 1) % 20 == 0) {
          System.err.printf(Locale.ROOT, "attributes step %d/%d loss %.3f%n", step + 1, steps, average);
        }
        if ((step + 1) % SAVE_EVERY == 0 || step + 1 == last) {
          state.save(file, Map.of());
        }
      }
    }
  }

  private double step(TrainableWeights weights, long step) {
    Random random = new Random(seed * 31 + step);
    try (TensorScope scope = TensorScope.open(); NoiseSource noise = NoiseSource.seeded(seed * 1_000_003 + step)) {
      int[] chosen = random.ints(batch, 0, pictures).toArray();
      TensorVector shown = new TensorVector();
      Arrays.stream(chosen).forEach(i -> shown.push_back(Images.toSigned(renders.picture(i))));
      Tensor input = Alteration.of(torch.cat(shown, 0), SOFTEST, noise, random).to(ScalarType.BFloat16);
      AttributeNetwork network = new AttributeNetwork(Weights.of(new CastParameters(weights, ScalarType.BFloat16)));
      Tensor loss = torch.zeros(1);
      for (Map.Entry<Attribute, Tensor> head : network.forward(input).entrySet()) {
        loss = loss.add(torch.cross_entropy_loss(head.getValue(), right(head.getKey(), chosen), new TensorOptional(),
            Reduction.Sum.value, NONE, 0.0));
      }
      Tensor mean = loss.div(new Scalar(batch));
      mean.backward();
      return mean.item_float();
    }
  }

  private Tensor right(Attribute attribute, int[] chosen) {
    return torch.tensor(Arrays.stream(chosen).mapToLong(i -> attribute.index(known.person(i), known.shot(i))).toArray());
  }
}
