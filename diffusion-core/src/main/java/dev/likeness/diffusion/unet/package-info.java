/**
 * The UNet that Stable Diffusion 1.x, 2.x and XL share:
 * {@link dev.likeness.diffusion.unet.UNet2DConditionModel}.
 */
package dev.likeness.diffusion.unet;
