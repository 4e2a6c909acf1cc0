package dev.likeness.headshots.internal.photo;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.ResnetBlock;
import dev.likeness.diffusion.internal.nn.Weights;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Classifies portraits by several attributes. Two small residual encoders see the whole image at
 * half size, and its middle with the head at full size. Both end in a grid of 8x8 cells. A linear
 * layer with weights for each cell joins them, because heads and shoulders are always in the same
 * place. One head for each attribute gives the logits of its words. Normalised values are only
 * added in residual branches, so that colours are preserved.
 */
public final class CaptionerNetwork {
  /** Both sides of an image in pixels. */
  public static final int SIDE = 256;

  private static final int INPUT_SIDE = SIDE / 2;
  private static final int HEAD_TOP = 72;
  private static final int HEAD_LEFT = 64;
  private static final int GROUPS = 8;
  private static final double NORM_EPS = 1e-5;

  private final Encoder imageEncoder;
  private final Encoder headEncoder;
  private final Linear out;
  private final Map<String, Linear> heads = new LinkedHashMap<>();

  /**
   * The size of a network.
   *
   * @param channels channels of the four levels
   * @param projectedChannels channels of each cell of the grid
   * @param features inputs of the heads
   * @param wordCounts number of words of each head
   */
  public record Shape(
      List<Integer> channels,
      int projectedChannels,
      int features,
      Map<String, Integer> wordCounts) {
    public Shape {
      channels = List.copyOf(channels);
      wordCounts = Collections.unmodifiableMap(new LinkedHashMap<>(wordCounts));
    }
  }

  /** Reads the network. */
  public CaptionerNetwork(Shape shape, Weights w) {
    imageEncoder = new Encoder(shape, w.at("whole"));
    headEncoder = new Encoder(shape, w.at("middle"));
    int grid = INPUT_SIDE >> shape.channels.size();
    out = new Linear(w.at("proj"), 2L * shape.projectedChannels * grid * grid, shape.features);
    shape.wordCounts.forEach((name, count) ->
        heads.put(name, new Linear(w.at("heads").at(name), shape.features, count)));
  }

  private static final class Encoder {
    private final Conv2d in;
    private final List<ResnetBlock> blocks = new ArrayList<>();
    private final List<Conv2d> down = new ArrayList<>();
    private final Conv2d projection;

    Encoder(Shape shape, Weights w) {
      List<Integer> channels = shape.channels;
      in = new Conv2d(w.at("conv_in"), 3, channels.get(0), 3, 2, 1);
      for (int i = 0; i < channels.size(); i++) {
        int width = channels.get(i);
        blocks.add(new ResnetBlock(
            w.at("blocks").at(i), width, width, 0, GROUPS, NORM_EPS, Activation.SILU, 1));
        if (i + 1 < channels.size()) {
          down.add(new Conv2d(w.at("down").at(i), width, channels.get(i + 1), 3, 2, 1));
        }
      }
      projection = new Conv2d(
          w.at("conv_out"), channels.get(channels.size() - 1), shape.projectedChannels, 1);
    }

    List<Tensor> featureMaps(Tensor images) {
      List<Tensor> levels = new ArrayList<>();
      Tensor x = blocks.get(0).forward(in.forward(images), null);
      levels.add(x);
      for (int i = 0; i < down.size(); i++) {
        x = blocks.get(i + 1).forward(torch.silu(down.get(i).forward(x)), null);
        levels.add(x);
      }
      return levels;
    }

    Tensor forward(Tensor images) {
      List<Tensor> levels = featureMaps(images);
      return projection.forward(levels.get(levels.size() - 1)).flatten(1, -1);
    }
  }

  /** For each head the logits of its words, [n, words], f32, from {@link #features}. */
  public Map<String, Tensor> wordLogits(Tensor features) {
    Map<String, Tensor> scores = new LinkedHashMap<>();
    heads.forEach((name, head) -> scores.put(name, head.forward(features).to(ScalarType.Float)));
    return scores;
  }

  /** The inputs of the heads, [n, features], from images [n, 3, 256, 256] in -1..1. */
  public Tensor features(Tensor images) {
    Tensor half = torch.adaptive_avg_pool2d(images, INPUT_SIDE, INPUT_SIDE);
    TensorVector both =
        new TensorVector(imageEncoder.forward(half), headEncoder.forward(cropHead(images)));
    return torch.silu(out.forward(torch.cat(both, 1)));
  }

  /** The region of the head, [n, 3, 128, 128], in images [n, 3, 256, 256]. */
  public static Tensor cropHead(Tensor images) {
    return images.narrow(2, HEAD_TOP, INPUT_SIDE).narrow(3, HEAD_LEFT, INPUT_SIDE);
  }

  /**
   * The feature maps of the head encoder for any crops [n, 3, side, side] in -1..1, level by level:
   * [n, channels, side / 2, side / 2], then half the size at each level.
   */
  public List<Tensor> featureMaps(Tensor crops) {
    return headEncoder.featureMaps(crops);
  }
}
