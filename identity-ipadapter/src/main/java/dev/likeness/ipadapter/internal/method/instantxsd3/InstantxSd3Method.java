package dev.likeness.ipadapter.internal.method.instantxsd3;

import dev.likeness.diffusion.error.InvalidInputException;
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
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import java.util.Optional;

/**
 * InstantX's adapter for Stable Diffusion 3.5: a resampler over an image's tokens with timestep
 * input. Same results as diffusers' {@code SD3IPAdapterJointAttnProcessor2_0}.
 */
public record InstantxSd3Method() implements IdentityMethod {
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
    return FamilyRegistry.SD3;
  }

  @Override
  public Optional<AdapterLayout> recognise(AdapterKeys keys) {
    if (!keys.has("time_embedding.linear_1.weight")) {
      return Optional.empty();
    }
    long sinusoids = keys.columns("time_embedding.linear_1.weight");
    if (sinusoids % 2 != 0) {
      throw new InvalidInputException(
          keys.describe() + ": image_proj.time_embedding.linear_1.weight has "
              + sinusoids + " columns, expected an even number"
              + " (sines and cosines); " + AdapterKeys.DOWNLOAD_ADVICE);
    }
    return Optional.of(keys.imageResampler(this, sinusoids));
  }

  @Override
  public ImageInput imageInput() {
    return ImageInput.TOKENS;
  }

  @Override
  public String encoderFamily(long imageWidth) {
    return EncoderNames.SIGLIP;
  }

  @Override
  public UnconditionalInput unconditionalInput() {
    return UnconditionalInput.ZEROS;
  }

  @Override
  public Opened open(
      AdapterLayout layout, AdapterSites sites, LoadedWeights weights, Compute compute) {
    return new TimestepAdapter(layout, sites, weights, compute);
  }

  @Override
  public LoraPart loraPart() {
    return LoraPart.NONE;
  }

  @Override
  public ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale) {
    return new TimestepResampler(layout, w);
  }
}
