package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.GroupNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.ResnetBlock;
import dev.likeness.diffusion.internal.nn.RowTiling;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
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
    List<Integer> channels = config.channels();
    int last = channels.size() - 1;
    layers.add(new Conv2d(w.at("conv_in"), config.inChannels(), channels.get(0), 3)::forward);
    for (int i = 0; i <= last; i++) {
      Weights block = w.at("down_blocks").at(i);
      int in = channels.get(Math.max(0, i - 1));
      int out = channels.get(i);
      for (int j = 0; j < config.layers(); j++) {
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
        new GroupNorm(w.at("conv_norm_out"), config.groups(), channels.get(last), 1e-6);
    Conv2d out = new Conv2d(w.at("conv_out"), channels.get(last), 2L * config.latentChannels(), 3);
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

  /**
   * The autoencoder's mid block: a residual block, attention over pixels if the config has it, and
   * a residual block.
   */
  static final class VaeMidBlock {
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
}
