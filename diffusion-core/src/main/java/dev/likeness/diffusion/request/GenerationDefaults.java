package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;

/**
 * Values of a request's options where it does not give them: those of diffusers' pipeline for the
 * same folder and task.
 *
 * @param steps sampling steps
 * @param guidance guidance scale
 * @param width pixels
 * @param height pixels
 * @param strength the share of the steps that image-to-image samples
 * @param inpaintStrength the same for inpainting
 * @param eta how much fresh noise the base's own scheduler adds, 0..1, where its config does not
 *     say
 */
public record GenerationDefaults(
    int steps,
    double guidance,
    int width,
    int height,
    double strength,
    double inpaintStrength,
    double eta) {
  /** With an eta of 0, as diffusers' pipelines ask. */
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

  /** The factor that brings an image to no more pixels than these, at most 1. */
  public double scaled(RgbImage picture) {
    return Math.min(1, Math.sqrt((double) width * height / picture.width() / picture.height()));
  }
}
