/**
 * Diffusion transformers: text and picture as one sequence of tokens, each stream with weights of
 * its own (MMDiT, Esser et al. 2024, arXiv:2403.03206).
 * {@link dev.likeness.diffusion.transformer.FluxTransformer2DModel} is FLUX's network.
 */
package dev.likeness.diffusion.transformer;
