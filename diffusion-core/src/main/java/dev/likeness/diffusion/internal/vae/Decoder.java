package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.GroupNorm;
import dev.likeness.diffusion.internal.nn.ResnetBlock;
import dev.likeness.diffusion.internal.nn.RowTiling;
import dev.likeness.diffusion.internal.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/** Latents to pictures. */
final class Decoder {
  private final List<UnaryOperator<Tensor>> layers = new ArrayList<>();

  Decoder(Weights w, AutoencoderConfig config, RowTiling strips) {
    List<Integer> channels = config.decoderChannels();
    int last = channels.size() - 1;
    layers.add(
        new Conv2d(w.at("conv_in"), config.latentChannels(), channels.get(last), 3)::forward);
    layers.add(new VaeMidBlock(w.at("mid_block"), config, channels.get(last))::forward);
    for (int i = last; i >= 0; i--) {
      Weights block = w.at("up_blocks").at(last - i);
      int in = channels.get(Math.min(last, i + 1));
      int out = channels.get(i);
      for (int j = 0; j <= config.layers(); j++) {
        ResnetBlock resnet =
            VaeMidBlock.resnet(block.at("resnets").at(j), config, j == 0 ? in : out, out, strips);
        layers.add(x -> resnet.forward(x, null));
      }
      if (i > 0) {
        Conv2d smooth = new Conv2d(block.at("upsamplers.0.conv"), out, out, 3);
        layers.add(x -> strips.doubled(x, smooth::doubled));
      }
    }
    GroupNorm norm = new GroupNorm(w.at("conv_norm_out"), config.groups(), channels.get(0), 1e-6);
    Conv2d out = new Conv2d(w.at("conv_out"), channels.get(0), config.outChannels(), 3);
    layers.add(x -> strips.normed(norm, x, part -> out.forward(Activation.SILU.ofOwn(part))));
  }

  Tensor forward(Tensor latents) {
    return Encoder.chain(layers, latents);
  }
}
