package dev.likeness.diffusion.internal.adapter;

import dev.likeness.diffusion.tensor.Compute;

/**
 * What is being drawn, as far as an adapter has to know it.
 *
 * @param compute the model's type and device
 * @param guided whether the network is given each batch twice: first for the negative prompt, then
 *     for the prompt
 * @param width of the pictures in pixels
 * @param height of the pictures in pixels
 * @param factor pixels along one side of a latent
 */
public record Drawing(Compute compute, boolean guided, int width, int height, int factor) {
  public Drawing {
    if (width < 1 || height < 1 || factor < 1) {
      throw new IllegalArgumentException(
          "a drawing needs a size and a factor, given " + width + "x" + height + "/" + factor);
    }
  }
}
