package dev.likeness.lora.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.List;

/**
 * Images that a training draws on its way, to see what it has learned. The weights of the best
 * score become the result.
 *
 * @param every steps between two looks
 * @param request what is drawn, with {@code %s} in the prompt for the person
 * @param scorer who judges them
 * @param patience looks without a better score after which the training stops; 0 to go on to the
 *     end
 */
public record ValidationOptions(int every, ImageRequest request, Scorer scorer, int patience) {
  public ValidationOptions {
    if (every < 1 || patience < 0) {
      throw new IllegalArgumentException(
          "previews every " + every + " steps with patience " + patience + ": at least 1 and 0");
    }
  }

  /**
   * Judges images that a training drew on its way, e.g. by how alike a face encoder finds them to
   * photos that were held out of it.
   */
  @FunctionalInterface
  public interface Scorer {
    /**
     * How good these are; more is better. NaN when they cannot be judged, e.g. no face is in them.
     */
    double score(List<RgbImage> images);
  }
}
