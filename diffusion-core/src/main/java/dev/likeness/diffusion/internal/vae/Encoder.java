package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.GroupNorm;
import dev.likeness.diffusion.internal.nn.ResnetBlock;
import dev.likeness.diffusion.internal.nn.RowTiling;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Encodes images to the moments of their latents. */
final class Encoder {
  private final List<UnaryOperator<Tensor>> layers = new ArrayList<>();

  Encoder(Weights w, AutoencoderConfig config, RowTiling strips) {
    List<Integer> channels = config.blocks().channels();
    int last = channels.size() - 1;
    layers.add(new Conv2d(w.at("conv_in"), config.inChannels(), channels.get(0), 3)::forward);
    for (int i = 0; i <= last; i++) {
      Weights block = w.at("down_blocks").at(i);
      int in = channels.get(Math.max(0, i - 1));
      int out = channels.get(i);
      for (int j = 0; j < config.blocks().layers(); j++) {
        ResnetBlock resnet =
            VaeMidBlock.resnet(block.at("resnets").at(j), config, j == 0 ? in : out, out, strips);
        layers.add(x -> resnet.forward(x, null));
      }
      if (i < last) {
        // Padded at the right and bottom only, as in latent diffusion's first autoencoders.
        Conv2d half = new Conv2d(block.at("downsamplers.0.conv"), out, out, 3, 2, 0);
        layers.add(x -> strips.downsample(x, part -> half.forward(torch.pad(part, 0, 1, 0, 1))));
      }
    }
    layers.add(new VaeMidBlock(w.at("mid_block"), config, channels.get(last))::forward);
    GroupNorm norm =
        new GroupNorm(w.at("conv_norm_out"), config.blocks().groups(), channels.get(last), 1e-6);
    Conv2d out =
        new Conv2d(w.at("conv_out"), channels.get(last), 2L * config.latents().channels(), 3);
    layers.add(
        x -> strips.normalised(norm, x, part -> out.forward(Activation.SILU.applyInPlace(part))));
  }

  Tensor forward(Tensor x) {
    return chain(layers, x);
  }

  /** Applies the layers in order, each in its own scope, which frees intermediate tensors. */
  static Tensor chain(List<UnaryOperator<Tensor>> layers, Tensor input) {
    Tensor x = input;
    for (UnaryOperator<Tensor> layer : layers) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor next = layer.apply(x);
        x = x == input ? scope.promote(next) : scope.replace(x, next);
      }
    }
    return x;
  }
}
