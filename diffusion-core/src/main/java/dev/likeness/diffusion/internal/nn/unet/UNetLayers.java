package dev.likeness.diffusion.internal.nn.unet;

import dev.likeness.diffusion.internal.nn.ResnetBlock;
import dev.likeness.diffusion.internal.nn.Weights;

/** The layers that all blocks of a UNet have, by its configuration. */
final class UNetLayers {
  private UNetLayers() {}

  /**
   * Reads a residual block.
   *
   * @param scale divisor of the sum
   */
  static ResnetBlock resnet(Weights w, int in, int out, UNetConfig config, double scale) {
    return new ResnetBlock(
        w,
        in,
        out,
        config.embedding().width(),
        config.groups(),
        config.eps(),
        config.activation(),
        scale);
  }

  /** Reads the attention behind a residual block of a level. */
  static SpatialTransformer attention(
      Weights w, UNetConfig config, UNetOptions options, UNetConfig.Level level) {
    return new SpatialTransformer(
        w, config, options, level, level.transformers(), level.onlyCrossAttention());
  }
}
