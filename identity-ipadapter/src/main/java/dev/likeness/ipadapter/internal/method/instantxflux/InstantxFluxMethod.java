package dev.likeness.ipadapter.internal.method.instantxflux;

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
import dev.likeness.ipadapter.internal.projection.MlpProjection;
import java.util.Optional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * InstantX's adapter for FLUX.1: two layers over the image's pooled vector, for all attentions.
 * Same results as the {@code attention_processor.py} of InstantX/FLUX.1-dev-IP-Adapter.
 */
public record InstantxFluxMethod() implements IdentityMethod {
  /** Epsilon of the RMS norm on keys. */
  private static final double KEY_EPS = 1e-5;

  @Override
  public String id() {
    return "instantx-" + family().id();
  }

  @Override
  public String title() {
    return "IP-Adapter of InstantX";
  }

  @Override
  public ModelFamily family() {
    return FamilyRegistry.FLUX;
  }

  @Override
  public Optional<AdapterLayout> recognise(AdapterKeys keys) {
    return keys.hasTwoLayers() && keys.hasTransformerKey("weight")
        ? Optional.of(keys.twoImageLayers(this))
        : Optional.empty();
  }

  @Override
  public ImageInput imageInput() {
    return ImageInput.POOLED;
  }

  @Override
  public String encoderFamily(long imageWidth) {
    return EncoderNames.SIGLIP;
  }

  @Override
  public UnconditionalInput unconditionalInput() {
    return UnconditionalInput.BLACK;
  }

  @Override
  public Opened open(
      AdapterLayout layout, AdapterSites sites, LoadedWeights weights, Compute compute) {
    return new KeyValueAdapter(layout, sites, weights, compute) {
      @Override
      protected Tensor normalise(Tensor keys) {
        Tensor byHead = keys.view(1, keys.size(1), -1, sites.headDim());
        return torch
            .rms_norm(
                byHead,
                new long[] {sites.headDim()},
                new TensorOptional(),
                new DoubleOptional(KEY_EPS))
            .view_as(keys);
      }
    };
  }

  @Override
  public LoraPart loraPart() {
    return LoraPart.NONE;
  }

  @Override
  public ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale) {
    return MlpProjection.ofImage(
        w, layout.imageWidth(), layout.hiddenWidth(), layout.tokens(), layout.contextWidth());
  }
}
