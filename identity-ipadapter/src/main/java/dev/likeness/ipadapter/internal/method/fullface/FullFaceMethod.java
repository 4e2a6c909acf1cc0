package dev.likeness.ipadapter.internal.method.fullface;

import dev.likeness.diffusion.catalogue.CatalogueModel.Commercial;
import dev.likeness.diffusion.catalogue.CatalogueModel.Licence;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.method.AdapterKeys;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import java.util.Optional;

/** IP-Adapter Full Face: two layers over each of an image's tokens. */
public record FullFaceMethod() implements IdentityMethod {
  @Override
  public String id() {
    return "full-face";
  }

  @Override
  public String title() {
    return "IP-Adapter Full Face";
  }

  @Override
  public ModelFamily family() {
    return FamilyRegistry.STABLE_DIFFUSION;
  }

  @Override
  public Optional<AdapterLayout> recognise(AdapterKeys keys) {
    if (!keys.has("proj.3.weight")) {
      return Optional.empty();
    }
    return Optional.of(keys.layout(
        this,
        0,
        keys.length("proj.3.weight"),
        keys.columns("proj.0.weight"),
        0,
        keys.rows("proj.0.weight"),
        null));
  }

  @Override
  public Optional<Licence> licence() {
    return Optional.of(new Licence("Apache-2.0", Commercial.YES));
  }

  @Override
  public ImageInput imageInput() {
    return ImageInput.TOKENS;
  }

  @Override
  public LoraPart loraPart() {
    return LoraPart.OPTIONAL;
  }

  @Override
  public ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale) {
    return new TokenProjection(layout, w);
  }
}
