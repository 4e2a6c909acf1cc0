package dev.likeness.lora.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.List;

/**
 * Settings of the validation images that a training generates. The weights with the best score
 * become the result.
 *
 * @param interval steps between two validations, from 1
 * @param request the request for the images, with {@code %s} in the prompt for the person
 * @param scorer rates the images, higher for better
 * @param patience number of validations without a better score after which the training stops; 0 to
 *     always train to the end
 */
public record ValidationOptions(int interval, ImageRequest request, Scorer scorer, int patience) {
  /**
   * Checks that the interval is at least 1 and the patience at least 0.
   *
   * @throws IllegalArgumentException if the interval is below 1 or the patience is negative
   */
  public ValidationOptions {
    if (interval < 1 || patience < 0) {
      throw new IllegalArgumentException(
          "validation needs an interval of at least 1 and a patience of at least 0, got interval "
              + interval + " and patience " + patience);
    }
  }

  /**
   * Scores validation images, for example by their similarity to photos that are not trained on.
   */
  @FunctionalInterface
  public interface Scorer {
    /**
     * Returns the score of the images of one validation.
     *
     * @param images the generated images
     * @return the score, higher for better; NaN if the images cannot be scored, for example if no
     *     face was found
     */
    double score(List<RgbImage> images);
  }
}
