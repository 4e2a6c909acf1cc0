package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.internal.nn.GroupNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.ResnetBlock;
import dev.likeness.diffusion.internal.nn.RowTiling;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;

/**
 * The autoencoder's mid block: a residual block, attention over pixels if the config has it, and a
 * residual block.
 */
final class VaeMidBlock {
  private final ResnetBlock first;
  private final PixelAttention attention;
  private final ResnetBlock second;

  VaeMidBlock(Weights w, AutoencoderConfig config, int channels) {
    first = resnet(w.at("resnets.0"), config, channels, channels, RowTiling.NONE);
    attention = config.blocks().midAttention()
        ? new PixelAttention(w.at("attentions.0"), channels, config.blocks().groups())
        : null;
    second = resnet(w.at("resnets.1"), config, channels, channels, RowTiling.NONE);
  }

  static ResnetBlock resnet(
      Weights w, AutoencoderConfig config, int in, int out, RowTiling strips) {
    return new ResnetBlock(
        w, in, out, 0, config.blocks().groups(), 1e-6, config.blocks().activation(), 1, strips);
  }

  Tensor forward(Tensor x) {
    Tensor h = first.forward(x, null);
    return second.forward(attention == null ? h : attention.forward(h), null);
  }

  /** Single-head attention over all pixels, in the autoencoder's mid block. */
  static final class PixelAttention {
    private final GroupNorm norm;
    private final Linear toQ;
    private final Linear toK;
    private final Linear toV;
    private final Linear toOut;

    PixelAttention(Weights w, int channels, int groups) {
      norm = new GroupNorm(w.at("group_norm"), groups, channels, 1e-6);
      toQ = new Linear(w.at("to_q"), channels, channels);
      toK = new Linear(w.at("to_k"), channels, channels);
      toV = new Linear(w.at("to_v"), channels, channels);
      toOut = new Linear(w.at("to_out.0"), channels, channels);
    }

    Tensor forward(Tensor x) {
      Tensor tokens = norm.forward(x).flatten(2, 3).transpose(1, 2);
      Tensor q = toQ.forward(tokens).unsqueeze(1);
      Tensor k = toK.forward(tokens).unsqueeze(1);
      Tensor v = toV.forward(tokens).unsqueeze(1);
      Tensor y = toOut.forward(ScaledDotProduct.attend(q, k, v).squeeze(1));
      return x.add(y.transpose(1, 2).reshape(x.size(0), x.size(1), x.size(2), x.size(3)));
    }
  }
}
