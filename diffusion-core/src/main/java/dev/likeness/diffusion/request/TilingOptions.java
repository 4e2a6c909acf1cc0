package dev.likeness.diffusion.request;

import java.util.Optional;

/**
 * Options that reduce the memory of large images: windows over the sample, and decoding in strips
 * (diffusers: VAE tiling).
 *
 * @param vaeTiling true to process images of every size in strips of rows; false to use strips only
 *     if the image has more than 1024 x 1024 pixels, or if a memory budget requires them. A tiny
 *     autoencoder does not use strips
 * @param windows the windows that the network processes; empty if it processes the whole sample
 */
public record TilingOptions(boolean vaeTiling, Optional<Windows> windows) {
  /**
   * The defaults: no windows, and strips only above 1024 x 1024 pixels or if a memory budget
   * requires them.
   */
  public static final TilingOptions NONE = new TilingOptions(false, Optional.empty());

  /**
   * Overlapping windows over a sample (the noisy latents of an image).
   *
   * @param size the side of a window in latent pixels, at least 1
   * @param stride the largest distance between neighbouring windows' starts, in latent pixels,
   *     1..{@code size}
   */
  public record Windows(int size, int stride) {
    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if the size is below 1, or the stride is not in
     *     1..{@code size}
     */
    public Windows {
      if (size < 1) {
        throw new IllegalArgumentException(
            "windows must have at least 1 latent pixel per side, got " + size);
      }
      if (stride < 1 || stride > size) {
        throw new IllegalArgumentException("the stride must be in 1.." + size + " for windows of "
            + size + " latent pixels, got " + stride);
      }
    }
  }

  /**
   * {@return these options, with images of every size decoded in strips} Apart from rounding
   * errors, the image is the same as without strips.
   */
  public TilingOptions withVaeTiling() {
    return new TilingOptions(true, windows);
  }

  /**
   * {@return these options with overlapping windows, whose predictions are averaged at every step}
   *
   * <p>Bases whose network also gets a mask or reference image do not support windows. Windows
   * cannot be combined with ControlNets, regional adapters, caching (except token merging) or
   * guidance with momentum. Source: MultiDiffusion, Bar-Tal et al. 2023, arXiv:2302.08113, equation
   * 5.
   *
   * @param size the side of a window in latent pixels
   * @param every the largest distance between neighbouring windows' starts, in latent pixels,
   *     1..{@code size}
   * @throws IllegalArgumentException if {@code size} is below 1, or {@code every} is not in
   *     1..{@code size}
   */
  public TilingOptions windows(int size, int every) {
    return new TilingOptions(vaeTiling, Optional.of(new Windows(size, every)));
  }
}
