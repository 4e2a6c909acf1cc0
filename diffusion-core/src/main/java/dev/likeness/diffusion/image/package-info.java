/** Pictures as they leave and enter the library: {@link dev.likeness.diffusion.image.Picture}. */
package dev.likeness.diffusion.image;
