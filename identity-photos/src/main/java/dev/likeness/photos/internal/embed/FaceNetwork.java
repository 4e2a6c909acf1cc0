package dev.likeness.photos.internal.embed;

import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.GroupNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A small network that turns aligned faces into vectors: at each level a convolution that halves
 * the picture, then a residual pair of convolutions; at the end every place keeps its own weights,
 * since a face is aligned. What is normalised is only added, so that the colour of skin and eyes is
 * not lost.
 */
public final class FaceNetwork {
  /** Both sides of an aligned face in pixels. */
  public static final int SIDE = 112;

  private static final double NORM_EPS = 1e-5;

  private static final int GROUPS = 8;
  private static final int KEPT = 32;

  private record Level(
      Conv2d reduce, GroupNorm norm1, Conv2d first, GroupNorm norm2, Conv2d second) {
    Level(Weights w, int in, int out) {
      this(
          new Conv2d(w.at("reduce"), in, out, 3, 2, 1),
          new GroupNorm(w.at("norm1"), GROUPS, out, NORM_EPS),
          new Conv2d(w.at("conv1"), out, out, 3),
          new GroupNorm(w.at("norm2"), GROUPS, out, NORM_EPS),
          new Conv2d(w.at("conv2"), out, out, 3));
    }

    Tensor forward(Tensor x) {
      Tensor reduced = reduce.forward(x);
      Tensor inner = first.forward(torch.silu(norm1.forward(reduced)));
      return torch.silu(reduced.add(second.forward(torch.silu(norm2.forward(inner)))));
    }
  }

  private final Conv2d in;
  private final List<Level> levels = new ArrayList<>();
  private final Conv2d keep;
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
      levels.add(new Level(w.at("levels").at(i - 1), channels.get(i - 1), channels.get(i)));
    }
    int side = SIDE >> channels.size();
    keep = new Conv2d(w.at("conv_out"), channels.get(channels.size() - 1), KEPT, 1);
    out = new Linear(w.at("proj"), (long) KEPT * side * side, size);
  }

  /** Unit-length vectors [n, size], f32, of faces [n, 3, 112, 112] in -1..1. */
  public Tensor forward(Tensor faces) {
    Tensor vectors = features(faces);
    Tensor lengths = vectors.square().sum(new long[] {1}, true, new ScalarTypeOptional());
    return vectors.mul(lengths.add(new Scalar(1e-12)).rsqrt());
  }

  /** As {@link #forward}, but of any length, as training has them. */
  public Tensor features(Tensor faces) {
    Tensor x = torch.silu(in.forward(faces));
    for (Level level : levels) {
      x = level.forward(x);
    }
    return out.forward(keep.forward(x).flatten(1, -1)).to(torch.ScalarType.Float);
  }
}
