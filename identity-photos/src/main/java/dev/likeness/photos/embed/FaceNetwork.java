package dev.likeness.photos.embed;

import dev.likeness.diffusion.nn.Conv2d;
import dev.likeness.diffusion.nn.LayerNorm;
import dev.likeness.diffusion.nn.Linear;
import dev.likeness.diffusion.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A small network that turns aligned faces into vectors: at each level a convolution that halves the picture, then a
 * residual pair of convolutions. Without normalisation inside, so that the colour of skin and eyes is not lost.
 */
public final class FaceNetwork {
  private static final double NORM_EPS = 1e-5;

  private record Level(Conv2d reduce, Conv2d first, Conv2d second) {
    Tensor forward(Tensor x) {
      Tensor reduced = torch.silu(reduce.forward(x));
      return reduced.add(second.forward(torch.silu(first.forward(reduced))));
    }
  }

  private final Conv2d in;
  private final List<Level> levels = new ArrayList<>();
  private final LayerNorm norm;
  private final Linear out;

  /**
   * Reads the network.
   *
   * @param channels of each level, the first before any residual pair
   * @param size numbers in a vector
   */
  public FaceNetwork(List<Integer> channels, int size, Weights w) {
    in = new Conv2d(w.at("conv_in"), 3, channels.get(0), 3, 2, 1);
    for (int i = 1; i < channels.size(); i++) {
      Weights level = w.at("levels").at(i - 1);
      int width = channels.get(i);
      levels.add(new Level(new Conv2d(level.at("reduce"), channels.get(i - 1), width, 3, 2, 1),
          new Conv2d(level.at("conv1"), width, width, 3), new Conv2d(level.at("conv2"), width, width, 3)));
    }
    int last = channels.get(channels.size() - 1);
    norm = new LayerNorm(w.at("norm"), last, NORM_EPS);
    out = new Linear(w.at("proj"), last, size);
  }

  /** Unit-length vectors [n, size], f32, of faces [n, 3, height, width] in -1..1. */
  public Tensor forward(Tensor faces) {
    Tensor x = torch.silu(in.forward(faces));
    for (Level level : levels) {
      x = level.forward(x);
    }
    Tensor vectors = out.forward(norm.forward(x.flatten(2, 3).mean(2))).to(torch.ScalarType.Float);
    Tensor lengths = vectors.square().sum(new long[] {1}, true, new ScalarTypeOptional());
    return vectors.mul(lengths.add(new Scalar(1e-12)).rsqrt());
  }
}
