package dev.likeness.portrait.training;

import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.training.CastParameters;
import dev.likeness.diffusion.training.TrainableWeights;
import dev.likeness.diffusion.weights.Weights;
import dev.likeness.photos.embed.FaceNetwork;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Trains the embedder of rendered faces to tell people apart, apart from everything that draws: each face must be nearer
 * to its own person's direction than to all others' by a margin (CosFace: Wang et al. 2018, arXiv:1801.09414, eq. 4).
 * Faces are cut, softened, and changed in lightness at random, since drawn faces are softer than rendered ones.
 */
final class EmbedderTraining {
  private static final int BATCH = 64;
  private static final double MARGIN = 0.25;
  private static final double SCALE = 24;
  private static final Hyperparameters NUMBERS = new Hyperparameters(1e-3, 50, 0.05, 0, 0.99);
  private static final double SOFTEST = 0.36;
  private static final int SIDE = FaceNetwork.SIDE;
  private static final String CLASSES = "classes";

  private final int people;
  private final long seed;
  private final byte[] faces;

  EmbedderTraining(FaceStore store, int people, long seed) {
    this.people = people;
    this.seed = seed;
    this.faces = store.faces();
  }

  /** Trains to {@code steps}, going on from {@code file} where it is there; the state is saved as it goes. */
  void run(Path file, int steps) {
    new TrainingLoop("embedder", steps, NUMBERS, seed, name -> name.endsWith("conv2.weight")).run(file,
        (weights, step) -> step(weights, step, MARGIN * Math.min(1, Math.max(0, 3.0 * step / steps - 1))), (weights, step) -> { });
  }

  // The margin comes in the second third: from the start it would keep the network from finding anything.
  private double step(TrainableWeights weights, long step, double width) {
    Random random = new Random(seed * 31 + step);
    try (TensorScope scope = TensorScope.open(); NoiseSource noise = NoiseSource.seeded(seed * 1_000_003 + step)) {
      int[] chosen = random.ints(BATCH, 0, people * FaceStore.SHOTS).toArray();
      Tensor input = Alteration.of(batch(chosen, random), SOFTEST, noise, random).to(ScalarType.BFloat16);
      FaceNetwork network = new FaceNetwork(Architecture.FACE_CHANNELS, Architecture.FACE_SIZE,
          Weights.of(new CastParameters(weights, ScalarType.BFloat16)));
      Tensor vectors = network.forward(input);
      Tensor classes = weights.get(CLASSES, people, Architecture.FACE_SIZE);
      Tensor directions = classes.mul(classes.square().sum(new long[] {1}, true, new ScalarTypeOptional())
          .add(new Scalar(1e-12)).rsqrt());
      Tensor own = torch.tensor(Arrays.stream(chosen).mapToLong(i -> i / FaceStore.SHOTS).toArray());
      Tensor margin = torch.one_hot(own, people).to(ScalarType.Float).mul(new Scalar(width));
      Tensor loss = torch.cross_entropy_loss(vectors.matmul(directions.t()).sub(margin).mul(new Scalar(SCALE)), own);
      loss.backward();
      return loss.item_float();
    }
  }

  private Tensor batch(int[] chosen, Random random) {
    byte[] bytes = new byte[BATCH * SIDE * SIDE * 3];
    int rim = FaceStore.SIDE - SIDE + 1;
    for (int i = 0; i < BATCH; i++) {
      int x = random.nextInt(rim);
      int y = random.nextInt(rim);
      for (int row = 0; row < SIDE; row++) {
        int from = ((chosen[i] * FaceStore.SIDE + y + row) * FaceStore.SIDE + x) * 3;
        System.arraycopy(faces, from, bytes, (i * SIDE + row) * SIDE * 3, SIDE * 3);
      }
    }
    Tensor pixels = torch.tensor(bytes, new TensorOptions(ScalarType.Byte)).view(BATCH, SIDE, SIDE, 3);
    return pixels.permute(0, 3, 1, 2).to(ScalarType.Float).div(new Scalar(127.5)).sub(new Scalar(1.0)).contiguous();
  }
}
