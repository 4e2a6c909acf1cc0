package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.tensor.MemoryBudget;

/**
 * The activations of a generation: of the denoising network and of the autoencoder while they
 * compute. {@link BackwardMemory} counts what a gradient needs in addition.
 *
 * @param width channels of the network: of a transformer's tokens, or of a UNet's first level
 * @param textTokens the number of text tokens of a transformer; 0 for a UNet
 * @param decodedChannels channels of the autoencoder's level at full resolution
 * @param side pixels along one side of a token, or of a UNet's latent
 * @param defaultImageSide pixels along one side of the default image
 * @param rows the default batch size of the network for one image: 2 with guidance
 */
public record ForwardMemory(
    long width, long textTokens, long decodedChannels, int side, int defaultImageSide, int rows) {
  /**
   * Activations of one transformer block, as a multiple of tokens times width: values in the
   * network's type; the next constant counts values in f32.
   */
  private static final double TYPED = 28;

  private static final double SINGLE = 40;
  /** Activations of a UNet, as a multiple of its first level's pixels times width. */
  private static final double UNET = 60;
  /**
   * Activations of the autoencoder's last level, as a multiple of pixels times channels: as a whole
   * and in strips, in its own type and in f32.
   */
  private static final double UNTILED = 3.5;

  private static final double UNTILED_SINGLE = 13;
  private static final double TILED = 4.75;
  private static final double TILED_SINGLE = 5.5;

  /** Returns the budget with the model's default image size if the budget has none. */
  public MemoryBudget withDefaultSize(MemoryBudget budget) {
    return budget.size(
        budget.width().orElse(defaultImageSide), budget.height().orElse(defaultImageSide));
  }

  /**
   * Returns the bytes of the denoising network's activations.
   *
   * @param bytes bytes of a value in the network's type
   * @param rows the batch size of the network
   */
  public long sampling(int bytes, long imageWidth, long imageHeight, int rows) {
    long places = (imageWidth / side) * (imageHeight / side);
    return (long)
        (textTokens == 0
            ? UNET * rows * places * width * bytes
            : rows * (places + textTokens) * width * (TYPED * bytes + SINGLE));
  }

  /**
   * Returns the bytes for decoding an image, in addition to the autoencoder's weights.
   *
   * @param channels channels of the autoencoder's last level
   * @param strips true if the autoencoder works in strips
   * @param bytes bytes of a value in the autoencoder's type
   * @param area pixels of the image
   */
  public static long decoding(long channels, boolean strips, int bytes, long area) {
    double each = strips ? TILED * bytes + TILED_SINGLE : UNTILED * bytes + UNTILED_SINGLE;
    return (long) (each * area * channels);
  }
}
