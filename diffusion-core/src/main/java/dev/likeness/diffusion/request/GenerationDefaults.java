package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;

/**
 * What a request gets where it does not say: the numbers that a diffusers user of the same folder
 * gets. Its pipelines differ in them;
 * {@link dev.likeness.diffusion.BaseModel#defaults(ImageRequest)} has those of the one that would
 * draw a request.
 *
 * @param steps sampling steps; a model's own are text-to-image's
 * @param guidance classifier-free guidance scale; a model's own is text-to-image's
 * @param width pixels
 * @param height pixels
 * @param strength the share of the steps that image-to-image does
 * @param inpaintStrength the same for inpainting
 * @param eta how much noise the model's own scheduler adds, 0..1, where it has no share of its own
 */
public record GenerationDefaults(
    int steps,
    double guidance,
    int width,
    int height,
    double strength,
    double inpaintStrength,
    double eta) {
  /** Without noise, as diffusers' pipelines ask. */
  public GenerationDefaults(
      int steps, double guidance, int width, int height, double strength, double inpaintStrength) {
    this(steps, guidance, width, height, strength, inpaintStrength, 0);
  }

  public GenerationDefaults steps(int other) {
    return new GenerationDefaults(other, guidance, width, height, strength, inpaintStrength, eta);
  }

  public GenerationDefaults guidance(double other) {
    return new GenerationDefaults(steps, other, width, height, strength, inpaintStrength, eta);
  }

  public GenerationDefaults strength(double other) {
    return new GenerationDefaults(steps, guidance, width, height, other, inpaintStrength, eta);
  }

  /** What brings a picture to no more pixels than these, at most 1. */
  public double scaled(RgbImage picture) {
    return Math.min(1, Math.sqrt((double) width * height / picture.width() / picture.height()));
  }
}
