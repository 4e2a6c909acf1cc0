/**
 * The walk from noise to latents: {@link dev.likeness.diffusion.sampling.Sampler} executes a plan's
 * rows, a {@link dev.likeness.diffusion.sampling.NoisePredictor} answers them.
 */
package dev.likeness.diffusion.sampling;
