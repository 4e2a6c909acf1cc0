package dev.likeness.lora.training;

import dev.likeness.diffusion.request.ImageRequest;

/**
 * Settings of preview images that a training generates once. They show the person with the weights
 * of that step, and change neither weights nor losses. The training reports them as
 * {@link dev.likeness.diffusion.request.ProgressEvent.Preview}. If they cannot be generated, for
 * example because memory is short, the training continues and reports the reason.
 *
 * @param step the number of training steps before the images, from 1
 * @param request the request for the images, with {@code %s} in the prompt for the person
 */
public record TrainingPreview(int step, ImageRequest request) {
  /**
   * Checks that the step is at least 1.
   *
   * @throws IllegalArgumentException if the step is below 1
   */
  public TrainingPreview {
    if (step < 1) {
      throw new IllegalArgumentException(
          "a preview needs at least 1 training step before it, got " + step);
    }
  }
}
