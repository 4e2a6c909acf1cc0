package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.GroupNorm;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.vae.Autoencoder.LatentDistribution;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The tiny autoencoder for previews (TAESD), with the names and results of diffusers'
 * {@code AutoencoderTiny}. Its encoder is deterministic. Immutable and thread-safe.
 *
 * <p>One variant has branches with a group norm in its deepest blocks, and latents that are 2x2
 * patches as channels ({@code use_midblock_gn} of {@code comfy/taesd/taesd.py}; taef2 of
 * madebyollin/taesd).
 */
public final class AutoencoderTiny implements Autoencoder {
  private static final int PATCH = 2;
  private static final int NORM_GROUPS = 4;
  private static final double NORM_EPS = 1e-5;

  private final Config config;
  private final List<UnaryOperator<Tensor>> encoder = new ArrayList<>();
  private final List<UnaryOperator<Tensor>> decoder = new ArrayList<>();

  public AutoencoderTiny(Config config, Weights w) {
    this.config = config;
    buildEncoder(w.at("encoder.layers"));
    buildDecoder(w.at("decoder.layers"));
  }

  private void buildEncoder(Weights w) {
    List<Integer> channels = config.encoderChannels();
    int at = 0;
    for (int i = 0; i < channels.size(); i++) {
      int width = channels.get(i);
      encoder.add(
          (i == 0
                  ? new Conv2d(w.at(at++), config.inChannels(), width, 3)
                  : Conv2d.withoutBias(w.at(at++), width, width, 3, 2, 1))::forward);
      for (int j = 0; j < config.encoderBlocks().get(i); j++) {
        encoder.add(block(w.at(at++), width, i == channels.size() - 1));
      }
    }
    encoder.add(
        new Conv2d(w.at(at), channels.get(channels.size() - 1), config.latentChannels(), 3)
            ::forward);
  }

  private void buildDecoder(Weights w) {
    List<Integer> channels = config.decoderChannels();
    int last = channels.size() - 1;
    Conv2d in = new Conv2d(w.at(0), config.latentChannels(), channels.get(0), 3);
    decoder.add(x -> config.activation().apply(in.forward(x)));
    int at = 2;
    for (int i = 0; i <= last; i++) {
      int width = channels.get(i);
      for (int j = 0; j < config.decoderBlocks().get(i); j++) {
        decoder.add(block(w.at(at++), width, i == 0));
      }
      if (i < last) {
        int factor = config.upsampling();
        decoder.add(x ->
            torch.upsample_nearest2d(x, new long[] {factor * x.size(2), factor * x.size(3)}));
        decoder.add(Conv2d.withoutBias(w.at(at + 1), width, width, 3, 1, 1)::forward);
        at += 2;
      }
    }
    decoder.add(new Conv2d(w.at(at), channels.get(last), config.outChannels(), 3)::forward);
  }

  /**
   * Three convolutions with a skip connection, and a ReLU on the sum.
   *
   * @param deepest true for a block of the smallest feature maps
   */
  private UnaryOperator<Tensor> block(Weights w, int width, boolean deepest) {
    UnaryOperator<Tensor> plain = block(w, width);
    if (!deepest || !config.midBlockNorm()) {
      return plain;
    }
    int wide = NORM_GROUPS * width;
    Conv2d in = Conv2d.withoutBias(w.at("pool.0"), width, wide, 1, 1, 0);
    GroupNorm norm = new GroupNorm(w.at("pool.1"), NORM_GROUPS, wide, NORM_EPS);
    Conv2d out = Conv2d.withoutBias(w.at("pool.3"), wide, width, 1, 1, 0);
    return x -> plain.apply(x.add(out.forward(torch.relu(norm.forward(in.forward(x))))));
  }

  private UnaryOperator<Tensor> block(Weights w, int width) {
    Conv2d first = new Conv2d(w.at("conv.0"), width, width, 3);
    Conv2d second = new Conv2d(w.at("conv.2"), width, width, 3);
    Conv2d third = new Conv2d(w.at("conv.4"), width, width, 3);
    Activation act = config.activation();
    return x -> torch.relu(
        third.forward(act.apply(second.forward(act.apply(first.forward(x))))).add(x));
  }

  @Override
  public int latentChannels() {
    return config.latentChannels() * (config.midBlockNorm() ? PATCH * PATCH : 1);
  }

  @Override
  public int vaeScaleFactor() {
    return config.vaeScaleFactor() * (config.midBlockNorm() ? PATCH : 1);
  }

  @Override
  public Tensor decode(Tensor latents) {
    try (TensorScope call = TensorScope.open()) {
      Tensor places = config.midBlockNorm() ? torch.pixel_shuffle(latents, PATCH) : latents;
      Tensor x =
          places.div(new Scalar(config.scale())).div(new Scalar(3.0)).tanh().mul(new Scalar(3.0));
      return call.promote(Encoder.chain(decoder, x).mul(new Scalar(2.0)).sub(new Scalar(1.0)));
    }
  }

  @Override
  public LatentDistribution encode(Tensor images) {
    try (TensorScope call = TensorScope.open()) {
      Tensor unit = images.add(new Scalar(1.0)).div(new Scalar(2.0));
      Tensor latents = Encoder.chain(encoder, unit);
      Tensor packed = config.midBlockNorm() ? torch.pixel_unshuffle(latents, PATCH) : latents;
      return new LatentDistribution(call.promote(packed), null, config.scale(), 0);
    }
  }

  /**
   * The shape of an {@code AutoencoderTiny}, by diffusers' names.
   *
   * @param midBlockNorm true for the variant with group norms and patches
   */
  public record Config(
      int inChannels,
      int outChannels,
      List<Integer> encoderChannels,
      List<Integer> decoderChannels,
      Activation activation,
      int latentChannels,
      int upsampling,
      List<Integer> encoderBlocks,
      List<Integer> decoderBlocks,
      double scale,
      boolean midBlockNorm) {

    /**
     * Reads a tiny VAE's {@code config.json}; an option that is not supported is refused by name.
     */
    public static Config of(ModelConfig c) {
      c.requireValue("upsample_fn", "nearest");
      c.requireValue("shift_factor", 0);
      c.requireValue("latent_magnitude", 3);
      c.requireValue("latent_shift", 0.5);
      c.integers("block_out_channels");
      c.requireValue("in_channels", AutoencoderConfig.COLOURS);
      c.requireValue("out_channels", AutoencoderConfig.COLOURS);
      List<Integer> encoder = c.levels("encoder_block_out_channels", List.of(64, 64, 64, 64));
      List<Integer> decoder = c.levels("decoder_block_out_channels", List.of(64, 64, 64, 64));
      Config config = new Config(
          AutoencoderConfig.COLOURS,
          AutoencoderConfig.COLOURS,
          encoder,
          decoder,
          Activation.of(c, "act_fn", "relu"),
          c.integer("latent_channels", 4),
          c.integer("upsampling_scaling_factor", 2),
          blocks(c, "num_encoder_blocks", encoder, List.of(1, 3, 3, 3)),
          blocks(c, "num_decoder_blocks", decoder, List.of(3, 3, 3, 1)),
          c.nonZero("scaling_factor", 1),
          c.flag("use_midblock_gn", false));
      c.refuseOthers();
      return config;
    }

    /** Pixels per latent side. */
    public int vaeScaleFactor() {
      return 1 << encoderChannels.size() - 1;
    }

    private static List<Integer> blocks(
        ModelConfig c, String name, List<Integer> channels, List<Integer> fallback) {
      return c.has(name) || channels.size() != fallback.size()
          ? c.integers(name, channels.size(), null)
          : fallback;
    }
  }
}
