package dev.likeness.portrait.attributes;

import dev.likeness.diffusion.nn.Activation;
import dev.likeness.diffusion.nn.Conv2d;
import dev.likeness.diffusion.nn.Linear;
import dev.likeness.diffusion.nn.ResnetBlock;
import dev.likeness.diffusion.weights.Weights;
import dev.likeness.portrait.people.Attribute;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Says of portraits which word of each {@link Attribute} holds: two small residual networks, one over the whole picture at half
 * its size and one over its middle, where heads are, at full size; both end in a grid of 8x8 places, each with weights of
 * its own, since heads and shoulders are where they always are. A head for each attribute reads the word. What is normalised is
 * only added, so that colours are not lost.
 */
public final class AttributeNetwork {
  /** Both sides of a picture in pixels. */
  public static final int SIDE = 256;
  /** What the heads read. */
  public static final int FEATURES = 128;

  private static final int[] CHANNELS = {16, 32, 64, 96};
  private static final int SEEN = SIDE / 2;
  private static final int HEAD_TOP = 72;
  private static final int HEAD_LEFT = 64;
  private static final int KEPT = 16;
  private static final int GROUPS = 8;
  private static final double NORM_EPS = 1e-5;
  private static final int GRID = SEEN >> CHANNELS.length;

  private final Look whole;
  private final Look middle;
  private final Linear out;
  private final Map<Attribute, Linear> heads = new LinkedHashMap<>();

  /** Reads the network. */
  public AttributeNetwork(Weights w) {
    whole = new Look(w.at("whole"));
    middle = new Look(w.at("middle"));
    out = new Linear(w.at("proj"), 2L * KEPT * GRID * GRID, FEATURES);
    for (Attribute attribute : Attribute.values()) {
      heads.put(attribute, new Linear(w.at("heads").at(attribute.name()), FEATURES, attribute.words().size()));
    }
  }

  private static final class Look {
    private final Conv2d in;
    private final List<ResnetBlock> blocks = new ArrayList<>();
    private final List<Conv2d> down = new ArrayList<>();
    private final Conv2d keep;

    Look(Weights w) {
      in = new Conv2d(w.at("conv_in"), 3, CHANNELS[0], 3, 2, 1);
      for (int i = 0; i < CHANNELS.length; i++) {
        blocks.add(new ResnetBlock(
            w.at("blocks").at(i), CHANNELS[i], CHANNELS[i], 0, GROUPS, NORM_EPS, Activation.SILU, 1));
        if (i + 1 < CHANNELS.length) {
          down.add(new Conv2d(w.at("down").at(i), CHANNELS[i], CHANNELS[i + 1], 3, 2, 1));
        }
      }
      keep = new Conv2d(w.at("conv_out"), CHANNELS[CHANNELS.length - 1], KEPT, 1);
    }

    Tensor forward(Tensor pictures) {
      Tensor x = blocks.get(0).forward(in.forward(pictures), null);
      for (int i = 0; i < down.size(); i++) {
        x = blocks.get(i + 1).forward(torch.silu(down.get(i).forward(x)), null);
      }
      return keep.forward(x).flatten(1, -1);
    }
  }

  /**
   * For each attribute a score of each of its {@linkplain Attribute#words() words}, [n, words], f32, of {@link #features}.
   */
  public Map<Attribute, Tensor> words(Tensor features) {
    Map<Attribute, Tensor> scores = new LinkedHashMap<>();
    heads.forEach((attribute, head) -> scores.put(attribute, head.forward(features).to(ScalarType.Float)));
    return scores;
  }

  /** What the heads read the words from, [n, 128], of pictures [n, 3, 256, 256] in -1..1. */
  public Tensor features(Tensor pictures) {
    Tensor half = torch.adaptive_avg_pool2d(pictures, SEEN, SEEN);
    Tensor head = pictures.narrow(2, HEAD_TOP, SEEN).narrow(3, HEAD_LEFT, SEEN);
    TensorVector both = new TensorVector(whole.forward(half), middle.forward(head));
    return torch.silu(out.forward(torch.cat(both, 1)));
  }
}
