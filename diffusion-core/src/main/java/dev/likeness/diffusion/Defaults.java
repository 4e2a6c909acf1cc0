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
 */
public record Defaults(int steps, double guidance, int width, int height, double strength, double inpaintStrength) { }
