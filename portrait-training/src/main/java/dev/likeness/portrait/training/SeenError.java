package dev.likeness.portrait.training;

import dev.likeness.diffusion.weights.LoadedWeights;
import dev.likeness.diffusion.weights.Safetensors;
import dev.likeness.diffusion.weights.Weights;
import dev.likeness.headshots.reading.ReadingNetwork;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * How far pictures are from what they should be to the eyes of a network that reads photos: at each of its levels the squared
 * distance of what its channels say of a place, taken as a direction, the mean over places (Zhang et al. 2018, arXiv:1801.03924,
 * equation 1, all channels alike). That network is the model's photo reader, which nothing that evaluates shares anything with.
 */
final class SeenError implements AutoCloseable {
  private static final double NEVER_ZERO = 1e-6;

  private final LoadedWeights weights;

  /** By the photo reader in the folder of {@code model}. */
  SeenError(Path model) {
    weights = LoadedWeights.checked(Safetensors.open(model.resolve("photo_reader/model.safetensors")), Working.COMPUTE,
        w -> new ReadingNetwork(Architecture.photoReaderShape(), w));
  }

  /** Of pictures [n, 3, side, side], both in -1..1: the sum over levels, each 0 to 4; f32 scalar. */
  Tensor of(Tensor made, Tensor right) {
    ReadingNetwork network = new ReadingNetwork(Architecture.photoReaderShape(), Weights.of(weights));
    List<Tensor> expected;
    try (NoGradGuard guard = new NoGradGuard()) {
      expected = network.levels(right.to(Working.TYPE));
    }
    List<Tensor> seen = network.levels(made.to(Working.TYPE));
    Tensor sum = torch.zeros(1).squeeze();
    for (int i = 0; i < seen.size(); i++) {
      sum = sum.add(direction(seen.get(i)).sub(direction(expected.get(i))).square().mean().mul(new Scalar((double) seen.get(i).size(1))));
    }
    return sum;
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
