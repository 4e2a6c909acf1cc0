package dev.likeness.portrait.training;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.headshots.internal.photo.CaptionerNetwork;
import dev.likeness.portrait.attributes.AttributeNetwork;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The perceptual error of images in the features of a captioner: at each level of the network, the
 * mean over places of the squared distance between normalised feature vectors (Zhang et al. 2018,
 * arXiv:1801.03924, equation 1, with equal weights for all channels). The captioner shares neither
 * weights nor training data with the networks that evaluate.
 */
final class SeenError implements AutoCloseable {
  private static final double NEVER_ZERO = 1e-6;

  private final LoadedWeights weights;
  private final CaptionerNetwork.Shape shape;

  private SeenError(Path file, CaptionerNetwork.Shape shape) {
    this.shape = shape;
    weights = LoadedWeights.checked(
        Safetensors.open(file), TrainingDevice.COMPUTE, w -> new CaptionerNetwork(shape, w));
  }

  /**
   * Refuses a file that does not exist, or that no stage would use; null stands for the captioner.
   */
  static void require(Path eyes, boolean used) {
    if (eyes != null && !used) {
      throw new IllegalArgumentException(
          "eyes=" + eyes + " serve an autoencoder that learns on, which this run has not;"
              + " give start= and autoencoderSteps=, or stages=decoder, or no eyes=");
    }
    if (eyes != null && !Files.exists(eyes)) {
      throw new InvalidInputException(
          "eyes=" + eyes + " is not there; give the attributes.safetensors of TrainAttributes");
    }
  }

  /** Whose eyes they are. */
  static String told(Path eyes) {
    return eyes == null ? "captioner" : FirstWeights.madeOf(eyes);
  }

  /**
   * By {@link #byAttributes} where {@code eyes} are given, else {@link #byCaptioner} of
   * {@code model}.
   */
  static SeenError by(Path eyes, Path model) {
    return eyes == null ? byCaptioner(model) : byAttributes(eyes);
  }

  /** By the captioner in the folder of {@code model}. */
  static SeenError byCaptioner(Path model) {
    return new SeenError(
        model.resolve("photo_reader/model.safetensors"), Architecture.captionerShape());
  }

  /** By a classifier of {@link TrainAttributes}, of other people than the one that evaluates. */
  static SeenError byAttributes(Path file) {
    return new SeenError(file, AttributeNetwork.SHAPE);
  }

  /** Of images [n, 3, side, side], both in -1..1: the sum over levels, each 0 to 4; f32 scalar. */
  Tensor of(Tensor made, Tensor right) {
    CaptionerNetwork network = network();
    List<Tensor> expected;
    try (NoGradGuard guard = new NoGradGuard()) {
      expected = network.featureMaps(right.to(TrainingDevice.TYPE));
    }
    List<Tensor> seen = network.featureMaps(made.to(TrainingDevice.TYPE));
    Tensor sum = TrainingDevice.placed(torch.zeros(1)).squeeze();
    for (int i = 0; i < seen.size(); i++) {
      sum = sum.add(direction(seen.get(i))
          .sub(direction(expected.get(i)))
          .square()
          .mean()
          .mul(new Scalar((double) seen.get(i).size(1))));
    }
    return sum;
  }

  /**
   * Of whole images [n, 3, 256, 256]: that of their heads, and of what words are read from, 0 to 4.
   */
  Tensor ofWhole(Tensor made, Tensor right) {
    CaptionerNetwork network = network();
    Tensor expected;
    try (NoGradGuard guard = new NoGradGuard()) {
      expected = direction(network.features(right.to(TrainingDevice.TYPE)));
    }
    Tensor read = direction(network.features(made.to(TrainingDevice.TYPE)))
        .sub(expected)
        .square()
        .mean()
        .mul(new Scalar((double) shape.features()));
    return of(CaptionerNetwork.cropHead(made), CaptionerNetwork.cropHead(right)).add(read);
  }

  private CaptionerNetwork network() {
    return new CaptionerNetwork(shape, Weights.of(weights));
  }

  private static Tensor direction(Tensor level) {
    Tensor channels = level.to(ScalarType.Float);
    Tensor squares = channels.square().sum(new long[] {1}, true, new ScalarTypeOptional());
    return channels.mul(squares.add(new Scalar(NEVER_ZERO)).rsqrt());
  }

  @Override
  public void close() {
    weights.close();
  }
}
