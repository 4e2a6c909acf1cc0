package dev.likeness.diffusion.request;

import dev.likeness.diffusion.tensor.Latents;
import java.util.List;

/**
 * A step of the sampling loop that has ended.
 *
 * @param index from 0; a solver that evaluates the network several times has several rows of its
 *     plan for one step
 * @param of number of rows of the plan
 * @param timestep the trained timestep
 * @param latents the samples after the step, one for each image of the batch
 * @param denoised the predicted final samples at this step, guided and before clipping
 */
public record SampledStep(
    int index, int of, double timestep, List<Latents> latents, List<Latents> denoised) {}
