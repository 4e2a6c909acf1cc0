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
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Says of portraits which word of each {@link Attribute} holds: a small residual network down to a grid of 8x8 places, each
 * with weights of its own, since heads and shoulders are where they always are, and a head for each attribute. What is
 * normalised is only added, so that colours are not lost.
 */
public final class AttributeNetwork {
  /** Both sides of a picture in pixels. */
  public static final int SIDE = 256;

  private static final int[] CHANNELS = {24, 40, 56, 64};
  private static final int PATCH = 4;
  private static final int KEPT = 16;
  private static final int FEATURES = 80;
  private static final int GROUPS = 8;
  private static final double NORM_EPS = 1e-5;
  private static final int GRID = SIDE / PATCH >> CHANNELS.length - 1;

  private final Conv2d in;
  private final List<ResnetBlock> blocks = new ArrayList<>();
  private final List<Conv2d> down = new ArrayList<>();
  private final Conv2d keep;
  private final Linear out;
  private final Map<Attribute, Linear> heads = new LinkedHashMap<>();

  /** Reads the network. */
  public AttributeNetwork(Weights w) {
    in = new Conv2d(w.at("conv_in"), 3, CHANNELS[0], PATCH, PATCH, 0);
    for (int i = 0; i + 1 < CHANNELS.length; i++) {
      blocks.add(block(w.at("blocks").at(i), CHANNELS[i]));
      down.add(new Conv2d(w.at("down").at(i), CHANNELS[i], CHANNELS[i + 1], 3, 2, 1));
    }
    keep = new Conv2d(w.at("conv_out"), CHANNELS[CHANNELS.length - 1], KEPT, 1);
    out = new Linear(w.at("proj"), (long) KEPT * GRID * GRID, FEATURES);
    for (Attribute attribute : Attribute.values()) {
      heads.put(attribute, new Linear(w.at("heads").at(attribute.name()), FEATURES, attribute.words().size()));
    }
  }

  private static ResnetBlock block(Weights w, int channels) {
    return new ResnetBlock(w, channels, channels, 0, GROUPS, NORM_EPS, Activation.SILU, 1);
  }

  /**
   * For each attribute a score of each of its {@linkplain Attribute#words() words}, [n, words], f32, of pictures
   * [n, 3, 256, 256] in -1..1.
   */
  public Map<Attribute, Tensor> forward(Tensor pictures) {
    Tensor features = features(pictures);
    Map<Attribute, Tensor> scores = new LinkedHashMap<>();
    heads.forEach((attribute, head) -> scores.put(attribute, head.forward(features).to(ScalarType.Float)));
    return scores;
  }

  /** What the heads read the words from, [n, 80]. */
  public Tensor features(Tensor pictures) {
    Tensor x = in.forward(pictures);
    for (int i = 0; i < blocks.size(); i++) {
      x = torch.silu(down.get(i).forward(blocks.get(i).forward(x, null)));
    }
    return torch.silu(out.forward(keep.forward(x).flatten(1, -1)));
  }
}
