package dev.likeness.diffusion;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Part;
import java.util.Map;

/**
 * A request that is drawn, with what all of its pictures share.
 *
 * @param request with everything filled in
 * @param adaptations what it adds to each part of the model
 * @param texts what its prompts say, encoded under these adaptations
 */
record Sitter(ImageRequest request, Map<Part, Adaptation> adaptations, Texts texts) {
  Adaptation adaptation(Part part) {
    return adaptations.get(part);
  }

  /** Whether it can share a pass of the network with others. */
  boolean isBeside() {
    return adaptation(Part.UNET).isBeside() && adaptation(Part.TRANSFORMER).isBeside();
  }
}
