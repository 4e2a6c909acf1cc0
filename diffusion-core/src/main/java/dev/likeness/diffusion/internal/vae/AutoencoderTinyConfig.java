package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.nn.Activation;
import java.util.List;

/** The shape of an {@code AutoencoderTiny}, by diffusers' names. */
public record AutoencoderTinyConfig(
    int inChannels,
    int outChannels,
    List<Integer> encoderChannels,
    List<Integer> decoderChannels,
    Activation activation,
    int latentChannels,
    int upsampling,
    List<Integer> encoderBlocks,
    List<Integer> decoderBlocks,
    double scale) {

  /** Reads a tiny VAE's {@code config.json}; an option that is not supported is refused by name. */
  public static AutoencoderTinyConfig of(ModelConfig c) {
    c.require("upsample_fn", "nearest");
    c.require("shift_factor", 0);
    c.require("latent_magnitude", 3);
    c.require("latent_shift", 0.5);
    c.integers("block_out_channels");
    c.require("in_channels", AutoencoderConfig.COLOURS);
    c.require("out_channels", AutoencoderConfig.COLOURS);
    AutoencoderTinyConfig config = new AutoencoderTinyConfig(
        AutoencoderConfig.COLOURS,
        AutoencoderConfig.COLOURS,
        list(c, "encoder_block_out_channels", List.of(64, 64, 64, 64)),
        list(c, "decoder_block_out_channels", List.of(64, 64, 64, 64)),
        Activation.parse(c.text("act_fn", "relu")),
        c.integer("latent_channels", 4),
        c.integer("upsampling_scaling_factor", 2),
        list(c, "num_encoder_blocks", List.of(1, 3, 3, 3)),
        list(c, "num_decoder_blocks", List.of(3, 3, 3, 1)),
        c.number("scaling_factor", 1));
    c.refuseOthers();
    return config;
  }

  /** Pixels per latent side. */
  public int factor() {
    return 1 << encoderChannels.size() - 1;
  }

  private static List<Integer> list(ModelConfig c, String name, List<Integer> fallback) {
    List<Integer> value = c.integers(name);
    return value == null ? fallback : value;
  }
}
