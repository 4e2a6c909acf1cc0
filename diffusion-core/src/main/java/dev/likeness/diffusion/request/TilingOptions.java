package dev.likeness.diffusion.request;

/**
 * Options for large images with less memory: windows over the sample, and tiled decoding.
 *
 * @param vaeTiling true if the autoencoder works on strips of a few rows, which it always does
 *     above 1024 x 1024 pixels
 * @param window the side of the windows that the network processes, in latent pixels; 0 for the
 *     whole sample
 * @param stride the largest distance of two windows, in latent pixels, 1..{@code window}; 0 without
 *     windows
 */
public record TilingOptions(boolean vaeTiling, int window, int stride) {
  /** The whole sample in one window, and tiled decoding above 1024 x 1024 pixels. */
  public static final TilingOptions NONE = new TilingOptions(false, 0, 0);

  /**
   * Checks the ranges.
   *
   * @param vaeTiling the component {@code vaeTiling}
   * @param window the component {@code window}
   * @param stride the component {@code stride}
   * @throws IllegalArgumentException if the window is negative, or if the stride is not in
   *     1..{@code window}
   */
  public TilingOptions {
    if (window < 0 || window > 0 && (stride < 1 || stride > window) || window == 0 && stride != 0) {
      throw new IllegalArgumentException("the stride must be in 1.." + window + " for windows of "
          + window + " latent pixels, got " + stride);
    }
  }

  /**
   * {@return these options with tiled decoding at any size} Up to rounding, the image is the same.
   */
  public TilingOptions withVaeTiling() {
    return new TilingOptions(true, window, stride);
  }

  /**
   * {@return these options with overlapping windows, whose predictions are averaged at every step}
   *
   * <p>Bases with a mask or reference image beside the sample do not support it, nor do regional
   * adapters, caching, and guidance with momentum. Source: MultiDiffusion, Bar-Tal et al. 2023,
   * arXiv:2302.08113, equation 5.
   *
   * @param size the side of a window in latent pixels
   * @param every the largest distance of two windows in latent pixels, 1..{@code size}
   * @throws IllegalArgumentException if the distance is not in this range
   */
  public TilingOptions windows(int size, int every) {
    return new TilingOptions(vaeTiling, size, every);
  }
}
