package dev.likeness.diffusion.request;

/**
 * Default values of a request's options. They are the defaults of diffusers' pipeline for the same
 * model and task.
 *
 * @param steps the number of sampling steps
 * @param guidance the guidance scale
 * @param width the width of the image in pixels
 * @param height the height of the image in pixels
 * @param strength the share of the steps that image-to-image samples, 0..1
 * @param inpaintStrength the share of the steps that inpainting samples, 0..1
 * @param eta the share of fresh noise in each step, 0..1; used only with the base's own scheduler,
 *     and only if the scheduler's class has no config option {@code eta}
 */
public record GenerationDefaults(
    int steps,
    double guidance,
    int width,
    int height,
    double strength,
    double inpaintStrength,
    double eta) {}
