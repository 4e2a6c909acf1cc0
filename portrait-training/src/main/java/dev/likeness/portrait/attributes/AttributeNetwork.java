package dev.likeness.portrait.attributes;

import dev.likeness.diffusion.nn.Activation;
import dev.likeness.diffusion.nn.Conv2d;
import dev.likeness.diffusion.nn.GroupNorm;
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
 * Says of portraits which word of each {@link Attribute} holds: a small residual network down to a grid of 16x16 places,
 * and a head for each attribute that looks at the places it finds telling, by its own map over the grid (attention
 * pooling with one learned query a head: Ilse et al. 2018, arXiv:1802.04712, eq. 8 without the gate).
 */
public final class AttributeNetwork {
  /** Both sides of a picture in pixels. */
  public static final int SIDE = 256;

  private static final int[] CHANNELS = {24, 40, 64};
  private static final int PATCH = 4;
  private static final int WIDE = 96;
  private static final int GROUPS = 8;
  private static final double NORM_EPS = 1e-5;
  private static final int GRID = SIDE / PATCH >> CHANNELS.length - 1;

  private final Conv2d in;
  private final List<ResnetBlock> blocks = new ArrayList<>();
  private final List<Conv2d> down = new ArrayList<>();
  private final ResnetBlock last;
  private final GroupNorm norm;
  private final Conv2d widen;
  private final Conv2d look;
  private final Tensor places;
  private final Map<Attribute, Linear> heads = new LinkedHashMap<>();

  /** Reads the network. */
  public AttributeNetwork(Weights w) {
    in = new Conv2d(w.at("conv_in"), 3, CHANNELS[0], PATCH, PATCH, 0);
    for (int i = 0; i < CHANNELS.length; i++) {
      blocks.add(block(w.at("blocks").at(i), CHANNELS[i]));
      if (i + 1 < CHANNELS.length) {
        down.add(new Conv2d(w.at("down").at(i), CHANNELS[i], CHANNELS[i + 1], 3, 2, 1));
      }
    }
    int top = CHANNELS[CHANNELS.length - 1];
    last = block(w.at("last"), top);
    norm = new GroupNorm(w.at("norm_out"), GROUPS, top, NORM_EPS);
    widen = new Conv2d(w.at("conv_out"), top, WIDE, 1);
    int attributes = Attribute.values().length;
    look = new Conv2d(w.at("look"), WIDE, attributes, 1);
    places = w.tensor("places.bias", attributes, GRID * GRID);
    for (Attribute attribute : Attribute.values()) {
      heads.put(attribute, new Linear(w.at("heads").at(attribute.name()), WIDE, attribute.words().size()));
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
    Tensor pooled = pooled(pictures);
    Map<Attribute, Tensor> scores = new LinkedHashMap<>();
    heads.forEach((attribute, head) -> scores.put(attribute,
        head.forward(pooled.select(1, attribute.ordinal())).to(ScalarType.Float)));
    return scores;
  }

  /** What the heads see, [n, attributes, 96]: features of pictures that the words are read from. */
  public Tensor pooled(Tensor pictures) {
    Tensor x = in.forward(pictures);
    for (int i = 0; i < CHANNELS.length; i++) {
      x = blocks.get(i).forward(x, null);
      x = i < down.size() ? down.get(i).forward(x) : x;
    }
    x = torch.silu(norm.forward(last.forward(x, null)));
    Tensor features = torch.silu(widen.forward(x));
    Tensor maps = torch.softmax(look.forward(features).flatten(2, -1).add(places), -1);
    return maps.matmul(features.flatten(2, -1).transpose(1, 2));
  }
}
