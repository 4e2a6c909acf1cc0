package dev.likeness.ipadapter.internal.method.faceidplus;

import dev.likeness.diffusion.catalogue.CatalogueModel.Commercial;
import dev.likeness.diffusion.catalogue.CatalogueModel.Licence;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.method.AdapterKeys;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.PublishedFile;
import dev.likeness.ipadapter.internal.method.PublishedFile.Part;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import java.util.List;
import java.util.Optional;

/**
 * FaceID-Plus: FaceID's tokens, refined by attention over an image of the face. Version 2 adds the
 * tokens as they were before the refinement.
 */
public record FaceIdPlusMethod() implements IdentityMethod {
  private static final String RESAMPLER_PREFIX = "perceiver_resampler.";

  @Override
  public String id() {
    return "face-id-plus";
  }

  @Override
  public String title() {
    return "IP-Adapter FaceID-Plus";
  }

  @Override
  public ModelFamily family() {
    return FamilyRegistry.STABLE_DIFFUSION;
  }

  @Override
  public Optional<AdapterLayout> recognise(AdapterKeys keys) {
    if (!keys.has(RESAMPLER_PREFIX + "proj_in.weight")) {
      return Optional.empty();
    }
    return Optional.of(keys.layout(
        this,
        keys.tokenCount("proj.2.weight"),
        keys.length("norm.weight"),
        keys.columns(RESAMPLER_PREFIX + "proj_in.weight"),
        keys.columns("proj.0.weight"),
        keys.rows("proj.0.weight"),
        keys.resampler(RESAMPLER_PREFIX)));
  }

  @Override
  public List<PublishedFile> publishedFiles() {
    return List.of(new PublishedFile(Part.LORA, "NAME_lora.safetensors", "h94/IP-Adapter-FaceID"));
  }

  @Override
  public Optional<Licence> licence() {
    return Optional.of(new Licence("non-commercial research only", Commercial.NO));
  }

  @Override
  public ImageInput imageInput() {
    return ImageInput.TOKENS;
  }

  @Override
  public Optional<FaceInput> faceInput(long contextWidth) {
    return Optional.of(FaceInput.of(false, contextWidth));
  }

  @Override
  public boolean hasVersions() {
    return true;
  }

  @Override
  public String authorsDetector() {
    return "SCRFD, the first face";
  }

  @Override
  public LoraPart loraPart() {
    return LoraPart.REQUIRED;
  }

  @Override
  public ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale) {
    return new FaceIdPlusProjection(layout, w, shortcutScale);
  }
}
