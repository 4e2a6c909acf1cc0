package dev.likeness.lora.training;

import dev.likeness.diffusion.image.RgbImage;
import java.util.List;

/**
 * Judges pictures that a training drew on its way, e.g. by how alike a face encoder finds them to
 * photos that were held out of it.
 */
@FunctionalInterface
public interface PreviewScorer {
  /**
   * How good these are; more is better. NaN when they cannot be judged, e.g. no face is in them.
   */
  double score(List<RgbImage> pictures);
}
