package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.nn.Activation;
import java.util.List;

/**
 * The shape of an {@code AutoencoderKL}, by diffusers' names.
 *
 * @param blocks the blocks of encoder and decoder
 * @param latents the latents
 * @param quantConv true for a convolution after the encoder
 * @param postQuantConv true for a convolution before the decoder
 * @param forceUpcast true if it overflows in f16
 */
public record AutoencoderConfig(
    int inChannels,
    int outChannels,
    Blocks blocks,
    Latents latents,
    boolean quantConv,
    boolean postQuantConv,
    boolean forceUpcast) {

  /**
   * The blocks of encoder and decoder.
   *
   * @param channels of the encoder's levels, the highest resolution first
   * @param decoderChannels of the decoder's levels
   * @param layers residual blocks of an encoder's level; a decoder's level has one more
   * @param activation the activation
   * @param groups groups of the norms
   * @param midAttention true if the mid blocks have attention
   */
  public record Blocks(
      List<Integer> channels,
      List<Integer> decoderChannels,
      int layers,
      Activation activation,
      int groups,
      boolean midAttention) {}

  /**
   * The latents. With mean and standard deviation, they are normalised by these.
   *
   * @param channels their channels
   * @param scalingFactor the factor of latents that a denoising network takes
   * @param shiftFactor what is subtracted before
   * @param mean mean of each channel, or null
   * @param std standard deviation of each channel, or null
   */
  public record Latents(
      int channels,
      double scalingFactor,
      double shiftFactor,
      List<Double> mean,
      List<Double> std) {}

  /** The number of image channels. Other numbers, such as LDM3D's with depth, are not supported. */
  static final int COLOURS = 3;

  /** Reads a VAE's {@code config.json}; an option that is not supported is refused by name. */
  public static AutoencoderConfig of(ModelConfig c) {
    List<Integer> channels = c.levels("block_out_channels", List.of(64));
    requireBlocks(c, "down_block_types", "DownEncoderBlock2D", channels.size());
    requireBlocks(c, "up_block_types", "UpDecoderBlock2D", channels.size());
    c.integer("sample_size", 32);
    c.requireValue("in_channels", COLOURS);
    c.requireValue("out_channels", COLOURS);
    List<Integer> decoder = c.levels("decoder_block_out_channels", channels);
    int groups = c.positive("norm_num_groups", 32);
    c.requireDivided("block_out_channels", channels, groups, "norm_num_groups");
    c.requireDivided("decoder_block_out_channels", decoder, groups, "norm_num_groups");
    AutoencoderConfig config = new AutoencoderConfig(
        COLOURS,
        COLOURS,
        new Blocks(
            channels,
            decoder,
            c.integer("layers_per_block", 1),
            Activation.of(c, "act_fn", "silu"),
            groups,
            c.flag("mid_block_add_attention", true)),
        new Latents(
            c.integer("latent_channels", 4),
            c.nonZero("scaling_factor", 0.18215),
            c.number("shift_factor", 0),
            perChannel(c, "latents_mean"),
            perChannel(c, "latents_std")),
        c.flag("use_quant_conv", true),
        c.flag("use_post_quant_conv", true),
        c.flag("force_upcast", true));
    c.refuseOthers();
    return config;
  }

  private static List<Double> perChannel(ModelConfig c, String option) {
    List<Double> values = c.numbers(option);
    if (values != null && values.size() != c.integer("latent_channels", 4)) {
      throw new InvalidInputException(
          c.source() + ": option \"" + option + "\" has "
              + values.size() + " numbers, expected one for each of the "
              + c.integer("latent_channels", 4)
              + " latent_channels; correct the file, or use the config that was published with the model");
    }
    return values;
  }

  /** Pixels per latent side. */
  public int vaeScaleFactor() {
    return 1 << blocks.channels().size() - 1;
  }

  private static void requireBlocks(ModelConfig c, String option, String only, int count) {
    List<String> types = c.texts(option, List.of(only));
    for (String type : types) {
      if (!type.equals(only)) {
        throw new InvalidInputException(
            c.source() + ": block type " + Quoted.of(type) + " is not supported; known: " + only);
      }
    }
    if (types.size() != count) {
      throw new InvalidInputException(
          c.source() + ": " + count + " block_out_channels, but " + types.size() + " " + option
              + "; expected the same number of each; correct the file, or use the config that was"
              + " published with the model");
    }
  }
}
