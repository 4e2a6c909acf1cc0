/** Pictures as they leave and enter the library: {@link dev.likeness.diffusion.image.RgbImage}. */
package dev.likeness.diffusion.image;
