/**
 * Autoencoders: {@link dev.likeness.diffusion.vae.AutoencoderKL} and the tiny one that previews
 * use.
 */
package dev.likeness.diffusion.vae;
