package dev.likeness.diffusion;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Part;
import java.util.Map;

/**
 * A request that is drawn, with what it adds to each part of the model.
 *
 * @param request with everything filled in
 * @param adaptations by part; nothing where there is none
 */
record Sitter(ImageRequest request, Map<Part, Adaptation> adaptations) {
  Adaptation adaptation(Part part) {
    return adaptations.getOrDefault(part, Adaptation.NONE);
  }

  /** Whether it can share a pass of the network with others. */
  boolean isBeside() {
    return adaptation(Part.UNET).isBeside() && adaptation(Part.TRANSFORMER).isBeside();
  }
}
