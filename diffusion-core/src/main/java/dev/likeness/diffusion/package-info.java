/**
 * Start here: open a {@link dev.likeness.diffusion.BaseModel}, ask it with an
 * {@link dev.likeness.diffusion.request.ImageRequest}, get
 * {@link dev.likeness.diffusion.GeneratedImage}s.
 *
 * <p>{@code internal.pipeline.Pipeline} shows the stages of a generation in order; the sampling
 * loop is {@link dev.likeness.diffusion.internal.sampling.SamplingLoop#sample}.
 */
package dev.likeness.diffusion;
