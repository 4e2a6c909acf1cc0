package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.model.Recognition;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.Optional;

/**
 * The defaults of a base: those of its family, with the settings of the catalogue for bases of its
 * kind.
 *
 * @param recipe the base of the catalogue whose settings suit the model; empty if there is none
 */
public record BaseDefaults(OpenModel model, Optional<CatalogueModel> recipe) {
  /** The defaults of a request. */
  public GenerationDefaults of(ImageRequest request) {
    return Recognition.defaults(model.defaults(request), recipe);
  }

  /** The defaults of a request without options. */
  public GenerationDefaults plain() {
    return of(ImageRequest.of(""));
  }
}
