package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.Part;
import dev.likeness.diffusion.internal.family.Texts;
import dev.likeness.diffusion.request.ImageRequest;
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
