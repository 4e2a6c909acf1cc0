package dev.likeness.ipadapter.internal.method.plus;

import dev.likeness.diffusion.catalogue.CatalogueModel.Commercial;
import dev.likeness.diffusion.catalogue.CatalogueModel.Licence;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.method.AdapterKeys;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.internal.projection.ResamplerProjection;
import java.util.Optional;

/** IP-Adapter Plus: a resampler over an image's tokens. */
public record PlusMethod() implements IdentityMethod {
  @Override
  public String id() {
    return "plus";
  }

  @Override
  public String title() {
    return "IP-Adapter Plus";
  }

  @Override
  public ModelFamily family() {
    return FamilyRegistry.STABLE_DIFFUSION;
  }

  @Override
  public Optional<AdapterLayout> recognise(AdapterKeys keys) {
    return keys.hasResampler() ? Optional.of(keys.imageResampler(this, 0)) : Optional.empty();
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
    return ResamplerProjection.ofImage(
        w, layout.resampler(), layout.tokens(), layout.imageWidth(), layout.contextWidth());
  }
}
