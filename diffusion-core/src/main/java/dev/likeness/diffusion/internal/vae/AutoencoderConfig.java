package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.nn.Activation;
import java.util.List;

/**
 * The shape of an {@code AutoencoderKL}, by diffusers' names.
 *
 * @param channels of the encoder's levels, the highest resolution first
 * @param decoderChannels of the decoder's levels
 * @param forceUpcast true if it overflows in f16
 * @param mean of the latents of each channel, or null; latents are normalised with mean and
 *     standard deviation
 * @param std standard deviation of the latents of each channel, or null
 */
public record AutoencoderConfig(
    int inChannels,
    int outChannels,
    List<Integer> channels,
    List<Integer> decoderChannels,
    int layers,
    Activation activation,
    int latentChannels,
    int groups,
    double scalingFactor,
    double shiftFactor,
    boolean quantConv,
    boolean postQuantConv,
    boolean midAttention,
    boolean forceUpcast,
    List<Double> mean,
    List<Double> std) {

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
        channels,
        decoder,
        c.integer("layers_per_block", 1),
        Activation.of(c, "act_fn", "silu"),
        c.integer("latent_channels", 4),
        groups,
        c.nonZero("scaling_factor", 0.18215),
        c.number("shift_factor", 0),
        c.flag("use_quant_conv", true),
        c.flag("use_post_quant_conv", true),
        c.flag("mid_block_add_attention", true),
        c.flag("force_upcast", true),
        perChannel(c, "latents_mean"),
        perChannel(c, "latents_std"));
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
    return 1 << channels.size() - 1;
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
