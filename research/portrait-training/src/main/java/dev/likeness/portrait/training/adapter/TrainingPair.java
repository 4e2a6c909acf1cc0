package dev.likeness.portrait.training.adapter;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.ipadapter.reference.Reference;

/**
 * What an adapter learns from: shown the reference, the base should draw the target. Two images of
 * one person teach the person; one image as both teaches the image.
 *
 * @param reference what is shown
 * @param target what is to be drawn; all of one size, with sides that are multiples of the base's
 *     latent factor
 * @param caption what the target shows, in the base's words
 * @param focus how much each place of the target's latents counts, rows from the top, 1 on average;
 *     null for alike. A face is little of an image and most of its likeness
 */
public record TrainingPair(Reference reference, RgbImage target, String caption, float[] focus) {
  /** All of the target counting alike. */
  public TrainingPair(Reference reference, RgbImage target, String caption) {
    this(reference, target, caption, null);
  }

  public TrainingPair {
    if (reference == null || target == null || caption == null) {
      throw new IllegalArgumentException(
          "a training pair needs a reference, a target and a caption (may be empty)");
    }
  }
}
