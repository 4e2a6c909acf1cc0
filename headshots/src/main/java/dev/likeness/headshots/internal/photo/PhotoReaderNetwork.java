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
 * Says of portraits which word holds of each of several things: two small residual networks, one
 * over the whole picture at half its size and one over its middle, where heads are, at full size;
 * both end in a grid of 8x8 places, each with weights of its own, since heads and shoulders are
 * where they always are. A head for each thing reads the word. What is normalised is only added, so
 * that colours are not lost.
 */
public final class PhotoReaderNetwork {
  /** Both sides of a picture in pixels. */
  public static final int SIDE = 256;

  private static final int SEEN = SIDE / 2;
  private static final int HEAD_TOP = 72;
  private static final int HEAD_LEFT = 64;
  private static final int GROUPS = 8;
  private static final double NORM_EPS = 1e-5;

  private final Look whole;
  private final Look middle;
  private final Linear out;
  private final Map<String, Linear> heads = new LinkedHashMap<>();

  /**
   * How large a network is.
   *
   * @param channels of its levels, four
   * @param kept of each of the 8x8 places
   * @param features what the heads read
   * @param words how many words each head tells apart
   */
  public record Shape(List<Integer> channels, int kept, int features, Map<String, Integer> words) {
    public Shape {
      channels = List.copyOf(channels);
      words = Collections.unmodifiableMap(new LinkedHashMap<>(words));
    }
  }

  /** Reads the network. */
  public PhotoReaderNetwork(Shape shape, Weights w) {
    whole = new Look(shape, w.at("whole"));
    middle = new Look(shape, w.at("middle"));
    int grid = SEEN >> shape.channels.size();
    out = new Linear(w.at("proj"), 2L * shape.kept * grid * grid, shape.features);
    shape.words.forEach((name, count) ->
        heads.put(name, new Linear(w.at("heads").at(name), shape.features, count)));
  }

  private static final class Look {
    private final Conv2d in;
    private final List<ResnetBlock> blocks = new ArrayList<>();
    private final List<Conv2d> down = new ArrayList<>();
    private final Conv2d keep;

    Look(Shape shape, Weights w) {
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
      keep = new Conv2d(w.at("conv_out"), channels.get(channels.size() - 1), shape.kept, 1);
    }

    List<Tensor> levels(Tensor pictures) {
      List<Tensor> levels = new ArrayList<>();
      Tensor x = blocks.get(0).forward(in.forward(pictures), null);
      levels.add(x);
      for (int i = 0; i < down.size(); i++) {
        x = blocks.get(i + 1).forward(torch.silu(down.get(i).forward(x)), null);
        levels.add(x);
      }
      return levels;
    }

    Tensor forward(Tensor pictures) {
      List<Tensor> levels = levels(pictures);
      return keep.forward(levels.get(levels.size() - 1)).flatten(1, -1);
    }
  }

  /** For each head a score of each of its words, [n, words], f32, of {@link #features}. */
  public Map<String, Tensor> words(Tensor features) {
    Map<String, Tensor> scores = new LinkedHashMap<>();
    heads.forEach((name, head) -> scores.put(name, head.forward(features).to(ScalarType.Float)));
    return scores;
  }

  /** What the heads read the words from, [n, features], of pictures [n, 3, 256, 256] in -1..1. */
  public Tensor features(Tensor pictures) {
    Tensor half = torch.adaptive_avg_pool2d(pictures, SEEN, SEEN);
    TensorVector both = new TensorVector(whole.forward(half), middle.forward(head(pictures)));
    return torch.silu(out.forward(torch.cat(both, 1)));
  }

  /** Where heads are in pictures [n, 3, 256, 256]: [n, 3, 128, 128]. */
  public static Tensor head(Tensor pictures) {
    return pictures.narrow(2, HEAD_TOP, SEEN).narrow(3, HEAD_LEFT, SEEN);
  }

  /**
   * What the network over the head makes of any crops [n, 3, side, side] in -1..1, level by level:
   * [n, channels, side / 2, side / 2], then half as large each time.
   */
  public List<Tensor> levels(Tensor crops) {
    return middle.levels(crops);
  }
}
