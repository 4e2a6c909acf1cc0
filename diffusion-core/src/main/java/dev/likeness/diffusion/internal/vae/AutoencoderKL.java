package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.GroupNorm;
import dev.likeness.diffusion.internal.nn.ResnetBlock;
import dev.likeness.diffusion.internal.nn.RowTiling;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.vae.Autoencoder.LatentDistribution;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The variational autoencoder of latent diffusion (Rombach et al. 2022, arXiv:2112.10752), with the
 * names and results of diffusers' {@code AutoencoderKL}. Immutable and thread-safe.
 */
public final class AutoencoderKL implements Autoencoder {
  private final AutoencoderConfig config;
  private final Encoder encoder;
  private final Decoder decoder;
  private final Conv2d quant;
  private final Conv2d postQuant;

  public AutoencoderKL(AutoencoderConfig config, Weights w) {
    this(config, w, RowTiling.NONE);
  }

  /**
   * Creates the network with large layers computed in strips: less memory, and the same result up
   * to rounding.
   */
  public AutoencoderKL(AutoencoderConfig config, Weights w, RowTiling strips) {
    this.config = config;
    int latent = config.latents().channels();
    encoder = new Encoder(w.at("encoder"), config, strips);
    decoder = new Decoder(w.at("decoder"), config, strips);
    quant = config.quantConv() ? new Conv2d(w.at("quant_conv"), 2L * latent, 2L * latent, 1) : null;
    postQuant =
        config.postQuantConv() ? new Conv2d(w.at("post_quant_conv"), latent, latent, 1) : null;
  }

  public AutoencoderConfig config() {
    return config;
  }

  @Override
  public int latentChannels() {
    return config.latents().channels();
  }

  @Override
  public int vaeScaleFactor() {
    return config.vaeScaleFactor();
  }

  /** Decodes {@code z}, latents at the autoencoder's own scale. */
  public Tensor decodeUnscaled(Tensor z) {
    try (TensorScope call = TensorScope.open()) {
      return call.promote(decoder.forward(
          Conv2d.ImageMemoryFormat.channelsLast(postQuant == null ? z : postQuant.forward(z))));
    }
  }

  @Override
  public Tensor decode(Tensor latents) {
    try (TensorScope call = TensorScope.open()) {
      Tensor own = config.latents().std() == null
          ? latents
          : latents.mul(perChannel(config.latents().std(), latents));
      Tensor scaled = own.div(new Scalar(config.latents().scalingFactor()));
      Tensor z = config.latents().mean() == null
          ? scaled
          : scaled.add(perChannel(config.latents().mean(), scaled));
      return call.promote(decodeUnscaled(
          config.latents().shiftFactor() == 0
              ? z
              : z.add(new Scalar(config.latents().shiftFactor()))));
    }
  }

  @Override
  public LatentDistribution encode(Tensor images) {
    try (TensorScope call = TensorScope.open()) {
      Tensor moments = encoder.forward(Conv2d.ImageMemoryFormat.channelsLast(images));
      Tensor both = quant == null ? moments : quant.forward(moments);
      int latent = config.latents().channels();
      Tensor logVariance = both.narrow(1, latent, latent)
          .clamp(new ScalarOptional(new Scalar(-30.0)), new ScalarOptional(new Scalar(20.0)));
      Tensor mean = both.narrow(1, 0, latent);
      return new LatentDistribution(
          call.promote(normaliseMean(mean)),
          call.promote(normaliseLogVariance(logVariance)),
          config.latents().scalingFactor(),
          config.latents().shiftFactor());
    }
  }

  private Tensor normaliseMean(Tensor mean) {
    Tensor centred = config.latents().mean() == null
        ? mean
        : mean.sub(perChannel(config.latents().mean(), mean));
    return config.latents().std() == null
        ? centred
        : centred.div(perChannel(config.latents().std(), centred));
  }

  private Tensor normaliseLogVariance(Tensor logVariance) {
    return config.latents().std() == null
        ? logVariance
        : logVariance.sub(
            perChannel(config.latents().std(), logVariance).log().mul(new Scalar(2.0)));
  }

  private static Tensor perChannel(List<Double> values, Tensor like) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i).floatValue();
    }
    return torch.tensor(floats).to(like.device(), like.scalar_type()).view(1, values.size(), 1, 1);
  }

  /** Decodes latents to images. */
  static final class Decoder {
    private final List<UnaryOperator<Tensor>> layers = new ArrayList<>();

    Decoder(Weights w, AutoencoderConfig config, RowTiling strips) {
      List<Integer> channels = config.blocks().decoderChannels();
      int last = channels.size() - 1;
      layers.add(
          new Conv2d(w.at("conv_in"), config.latents().channels(), channels.get(last), 3)::forward);
      layers.add(new VaeMidBlock(w.at("mid_block"), config, channels.get(last))::forward);
      for (int i = last; i >= 0; i--) {
        Weights block = w.at("up_blocks").at(last - i);
        int in = channels.get(Math.min(last, i + 1));
        int out = channels.get(i);
        for (int j = 0; j <= config.blocks().layers(); j++) {
          ResnetBlock resnet =
              VaeMidBlock.resnet(block.at("resnets").at(j), config, j == 0 ? in : out, out, strips);
          layers.add(x -> resnet.forward(x, null));
        }
        if (i > 0) {
          Conv2d smooth = new Conv2d(block.at("upsamplers.0.conv"), out, out, 3);
          layers.add(x -> strips.upsample(x, smooth::forwardUpsampled));
        }
      }
      GroupNorm norm =
          new GroupNorm(w.at("conv_norm_out"), config.blocks().groups(), channels.get(0), 1e-6);
      Conv2d out = new Conv2d(w.at("conv_out"), channels.get(0), config.outChannels(), 3);
      layers.add(
          x -> strips.normalised(norm, x, part -> out.forward(Activation.SILU.applyInPlace(part))));
    }

    Tensor forward(Tensor latents) {
      return Encoder.chain(layers, latents);
    }
  }
}
