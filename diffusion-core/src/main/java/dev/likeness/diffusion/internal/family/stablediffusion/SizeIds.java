package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.error.InvalidInputException;

/**
 * How many numbers about sizes a UNet is told beside the pooled text, by the width of its layer
 * that takes both.
 */
final class SizeIds {
  private static final int BASE = 6;
  private static final int REFINER = 5;

  private SizeIds() {}

  /**
   * The count.
   *
   * @param pooled width of the pooled text
   * @throws InvalidInputException when the widths leave neither 6 nor 5
   */
  static int count(UNetConfig.TimeIds ids, int pooled, String where) {
    for (int count : new int[] {BASE, REFINER}) {
      if (count * ids.sinusoids().width() + pooled == ids.inputWidth()) {
        return count;
      }
    }
    throw new InvalidInputException(
        where + ": projection_class_embeddings_input_dim is " + ids.inputWidth() + ", expected "
            + (BASE * ids.sinusoids().width() + pooled) + " (SDXL) or "
            + (REFINER * ids.sinusoids().width() + pooled)
            + " (its refiner) with a text encoder that pools to " + pooled);
  }
}
