package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.Map;

/**
 * A request that is drawn, with what all of its pictures share.
 *
 * @param request with everything filled in
 * @param adaptations what it adds to each part of the model
 * @param texts what its prompts say, encoded under these adaptations
 */
record Sitter(
    ImageRequest request, Map<ModelComponent, Adaptation> adaptations, Conditioning texts) {
  Adaptation adaptation(ModelComponent part) {
    return adaptations.get(part);
  }

  /** Whether it can share a pass of the network with others. */
  boolean isBeside() {
    return adaptation(ModelComponent.UNET).isBeside()
        && adaptation(ModelComponent.TRANSFORMER).isBeside();
  }
}
