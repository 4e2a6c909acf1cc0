package dev.likeness.ipadapter.internal.method.xlabs;

import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterKeys;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.EncoderNames;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.KeyValueAdapter;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.internal.projection.PooledProjection;
import java.util.Optional;

/**
 * XLabs' adapter for FLUX.1: a linear layer over the image's pooled vector, added to the image
 * after each double block. Same results as {@code x-flux} and diffusers'
 * {@code FluxIPAdapterAttnProcessor}.
 */
public record XlabsMethod() implements IdentityMethod {
  @Override
  public String id() {
    return "xlabs";
  }

  @Override
  public String title() {
    return "IP-Adapter of XLabs";
  }

  @Override
  public ModelFamily family() {
    return FamilyRegistry.FLUX;
  }

  @Override
  public Optional<AdapterLayout> recognise(AdapterKeys keys) {
    return keys.hasOneLayer() && keys.hasTransformerKey("bias")
        ? Optional.of(keys.oneLayer(this))
        : Optional.empty();
  }

  @Override
  public ImageInput imageInput() {
    return ImageInput.POOLED;
  }

  @Override
  public String encoderFamily(long imageWidth) {
    return EncoderNames.CLIP;
  }

  @Override
  public UnconditionalInput unconditionalInput() {
    return UnconditionalInput.BLACK;
  }

  /** The double blocks. */
  @Override
  public AdapterSites sites(AdapterSites all) {
    return all.withoutSingleBlocks();
  }

  @Override
  public String module(AdapterSites sites, int t) {
    return sites.paths().get(t).replace(".attn", "");
  }

  @Override
  public Opened open(
      AdapterLayout layout, AdapterSites sites, LoadedWeights weights, Compute compute) {
    return new KeyValueAdapter(layout, sites, weights, compute) {
      @Override
      protected boolean hasBias() {
        return true;
      }
    };
  }

  @Override
  public LoraPart loraPart() {
    return LoraPart.NONE;
  }

  @Override
  public ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale) {
    return new PooledProjection(w, layout.imageWidth(), layout.tokens(), layout.contextWidth());
  }
}
