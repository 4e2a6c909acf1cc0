package dev.likeness.ipadapter.internal.method.ipadapter;

import dev.likeness.diffusion.catalogue.CatalogueModel.Commercial;
import dev.likeness.diffusion.catalogue.CatalogueModel.Licence;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.method.AdapterKeys;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.internal.projection.PooledProjection;
import java.util.Optional;

/** IP-Adapter: a linear layer over the image's pooled vector (Ye et al. 2023, arXiv:2308.06721). */
public record IpAdapterMethod() implements IdentityMethod {
  @Override
  public String id() {
    return "ip-adapter";
  }

  @Override
  public String title() {
    return "IP-Adapter";
  }

  @Override
  public ModelFamily family() {
    return FamilyRegistry.STABLE_DIFFUSION;
  }

  @Override
  public Optional<AdapterLayout> recognise(AdapterKeys keys) {
    return keys.hasOneLayer() && !keys.hasTransformerKey("bias")
        ? Optional.of(keys.oneLayer(this))
        : Optional.empty();
  }

  @Override
  public Optional<Licence> licence() {
    return Optional.of(new Licence("Apache-2.0", Commercial.YES));
  }

  @Override
  public ImageInput imageInput() {
    return ImageInput.POOLED;
  }

  @Override
  public LoraPart loraPart() {
    return LoraPart.OPTIONAL;
  }

  @Override
  public ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale) {
    return new PooledProjection(w, layout.imageWidth(), layout.tokens(), layout.contextWidth());
  }
}
