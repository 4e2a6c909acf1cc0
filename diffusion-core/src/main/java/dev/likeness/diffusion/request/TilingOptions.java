package dev.likeness.diffusion.request;

/**
 * Options for large images with less memory: windows over the sample, and tiled decoding.
 *
 * @param vaeTiling true if the autoencoder processes strips of a few pixel rows. Images above 1024
 *     x 1024 pixels are always processed in strips
 * @param window the side of the windows that the network processes, in latent pixels; 0 for the
 *     whole sample
 * @param stride the largest distance between neighbouring windows' starts, in latent pixels,
 *     1..{@code window}; 0 without windows
 */
public record TilingOptions(boolean vaeTiling, int window, int stride) {
  /** The defaults: no windows, and tiled decoding only above 1024 x 1024 pixels. */
  public static final TilingOptions NONE = new TilingOptions(false, 0, 0);

  /**
   * Checks the ranges.
   *
   * @param vaeTiling true if the autoencoder processes strips of a few pixel rows
   * @param window the side of a window in latent pixels; 0 for the whole sample
   * @param stride the largest distance between neighbouring windows' starts, in latent pixels
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
   * {@return these options with tiled decoding at any size} Apart from rounding errors, the image
   * is the same.
   */
  public TilingOptions withVaeTiling() {
    return new TilingOptions(true, window, stride);
  }

  /**
   * {@return these options with overlapping windows, whose predictions are averaged at every step}
   *
   * <p>Windows do not work on bases whose network also gets a mask or reference image. They cannot
   * be combined with regional adapters, caching (except token merging) or guidance with momentum.
   * Source: MultiDiffusion, Bar-Tal et al. 2023, arXiv:2302.08113, equation 5.
   *
   * @param size the side of a window in latent pixels
   * @param every the largest distance between neighbouring windows' starts, in latent pixels,
   *     1..{@code size}
   * @throws IllegalArgumentException if {@code every} is not in 1..{@code size}
   */
  public TilingOptions windows(int size, int every) {
    return new TilingOptions(vaeTiling, size, every);
  }
}
