/**
 * The training loop's parts: weights that gradients flow into, the optimiser, its learning rate,
 * the slow average, the saved state, and what a denoising network is taught.
 */
package dev.likeness.diffusion.training;
