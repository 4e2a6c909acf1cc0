package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.internal.nn.ResnetBlock;
import dev.likeness.diffusion.internal.nn.RowTiling;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;

/**
 * The autoencoder's bottom: a residual block, attention over pixels where the config has it, a
 * residual block.
 */
final class VaeMidBlock {
  private final ResnetBlock first;
  private final PixelAttention attention;
  private final ResnetBlock second;

  VaeMidBlock(Weights w, AutoencoderConfig config, int channels) {
    first = resnet(w.at("resnets.0"), config, channels, channels, RowTiling.NONE);
    attention = config.midAttention()
        ? new PixelAttention(w.at("attentions.0"), channels, config.groups())
        : null;
    second = resnet(w.at("resnets.1"), config, channels, channels, RowTiling.NONE);
  }

  static ResnetBlock resnet(
      Weights w, AutoencoderConfig config, int in, int out, RowTiling strips) {
    return new ResnetBlock(w, in, out, 0, config.groups(), 1e-6, config.activation(), 1, strips);
  }

  Tensor forward(Tensor x) {
    Tensor h = first.forward(x, null);
    return second.forward(attention == null ? h : attention.forward(h), null);
  }
}
