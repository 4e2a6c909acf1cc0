package dev.likeness.diffusion;

/**
 * What a request gets where it does not say: the numbers that a diffusers user of the same folder gets.
 *
 * @param steps sampling steps
 * @param guidance classifier-free guidance scale
 * @param width pixels
 * @param height pixels
 * @param strength the share of the steps that image-to-image does
 * @param inpaintStrength the same for inpainting
 * @param eta how much noise the model's own scheduler adds, 0..1, where it has no share of its own
 */
public record Defaults(int steps, double guidance, int width, int height, double strength, double inpaintStrength, double eta) {
  /** Without noise, as diffusers' pipelines ask. */
  public Defaults(int steps, double guidance, int width, int height, double strength, double inpaintStrength) {
    this(steps, guidance, width, height, strength, inpaintStrength, 0);
  }
}
