package dev.likeness.diffusion.internal.nn;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * A small convolutional network that maps a ControlNet's control image to size and channels of the
 * network's features.
 */
public final class ConditioningEmbedding {
  private final Conv2d convIn;
  private final List<Conv2d> blocks = new ArrayList<>();
  private final Conv2d convOut;

  /**
   * Reads {@code conv_in}, {@code blocks} and {@code conv_out}.
   *
   * @param in channels of the image
   * @param channels inner channels; each level after the first has half the size of the one before
   * @param out channels of the result
   */
  public ConditioningEmbedding(Weights w, int in, List<Integer> channels, int out) {
    convIn = new Conv2d(w.at("conv_in"), in, channels.get(0), 3);
    for (int i = 0; i + 1 < channels.size(); i++) {
      blocks.add(new Conv2d(w.at("blocks").at(2 * i), channels.get(i), channels.get(i), 3));
      blocks.add(
          new Conv2d(w.at("blocks").at(2 * i + 1), channels.get(i), channels.get(i + 1), 3, 2, 1));
    }
    convOut = new Conv2d(w.at("conv_out"), channels.get(channels.size() - 1), out, 3);
  }

  /** Maps an image [batch, in, height, width] to [batch, out, h, w]. */
  public Tensor forward(Tensor image) {
    Tensor x = Activation.SILU.apply(convIn.forward(image));
    for (Conv2d block : blocks) {
      x = Activation.SILU.apply(block.forward(x));
    }
    return convOut.forward(x);
  }
}
