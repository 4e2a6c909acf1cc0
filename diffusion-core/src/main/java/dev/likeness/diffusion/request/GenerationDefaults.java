package dev.likeness.diffusion.request;

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
}
