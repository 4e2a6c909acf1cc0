package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.catalogue.BaseKind;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.request.GenerationDefaults;
import java.util.Optional;

/** Finds the base of the catalogue whose settings suit a base, from its configuration. */
public final class Recognition {
  private Recognition() {}

  /** Returns the kind of a base; empty if its configuration does not determine it. */
  public static Optional<BaseKind> kind(ModelComponents files) {
    return FamilyRegistry.find(files).flatMap(family -> family.kind(files));
  }

  /**
   * Returns the base of the catalogue whose settings suit a base; empty if the catalogue has no
   * base of its kind, or if the base's folder declares settings of its own.
   */
  public static Optional<CatalogueModel> of(ModelComponents files, ModelExtras extras) {
    // The embedded base declares its settings; reading the catalogue would delay it.
    return extras.training().isPresent()
        ? Optional.empty()
        : kind(files).flatMap(ModelCatalogue.builtIn()::find);
  }

  /**
   * Returns the defaults of a request with the steps and guidance of the catalogue, if the base is
   * a transformer that is distilled to fewer steps than its family's default. Other bases have the
   * catalogue's settings by their family, or state their own.
   *
   * @param own the defaults of the base's family
   */
  public static GenerationDefaults defaults(
      GenerationDefaults own, Optional<CatalogueModel> known) {
    boolean isDistilled = known
        .flatMap(CatalogueModel::kind)
        .filter(kind -> kind.isDistilled() && kind.prediction().equals("flow"))
        .isPresent();
    if (!isDistilled) {
      return own;
    }
    CatalogueModel model = known.get();
    return new GenerationDefaults(
        Math.min(own.steps(), model.steps().orElse(own.steps())),
        model.guidance().orElse(own.guidance()),
        own.width(),
        own.height(),
        own.strength(),
        own.inpaintStrength(),
        own.eta());
  }
}
