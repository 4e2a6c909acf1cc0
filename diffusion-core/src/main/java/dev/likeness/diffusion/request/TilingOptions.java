package dev.likeness.diffusion.request;

/**
 * Large images with less memory: windows over the sample, and the autoencoder in strips.
 *
 * @param vaeTiling whether the autoencoder works a few rows at a time at any size; above 1024 x
 *     1024 it always does
 * @param window side of the windows through which the network sees the sample, in latents; 0 for
 *     the whole sample
 * @param stride largest distance between two windows, in latents, 1 to {@code window}; 0 without
 *     windows
 */
public record TilingOptions(boolean vaeTiling, int window, int stride) {
  /** The whole sample at once. */
  public static final TilingOptions NONE = new TilingOptions(false, 0, 0);

  public TilingOptions {
    if (window < 0 || window > 0 && (stride < 1 || stride > window) || window == 0 && stride != 0) {
      throw new IllegalArgumentException("windows of " + window + " latents every " + stride
          + " leave gaps or go nowhere; give a stride of 1 to " + window);
    }
  }

  /** With the autoencoder in strips: the same image to rounding. */
  public TilingOptions withVaeTiling() {
    return new TilingOptions(true, window, stride);
  }

  /**
   * With overlapping windows whose predictions are averaged at every step: MultiDiffusion (Bar-Tal
   * et al. 2023, arXiv:2302.08113, equation 5). Not for bases that are given a mask or an image
   * beside the sample, nor for adapters that act in places of the image. Caching and guidance with
   * momentum are refused beside it.
   *
   * @param size side of a window in latents
   * @param every largest distance between two windows, 1 to {@code size}
   */
  public TilingOptions windows(int size, int every) {
    return new TilingOptions(vaeTiling, size, every);
  }
}
