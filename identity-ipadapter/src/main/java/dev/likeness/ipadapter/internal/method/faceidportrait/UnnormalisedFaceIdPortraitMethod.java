package dev.likeness.ipadapter.internal.method.faceidportrait;

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
import java.util.regex.Pattern;

/** FaceID Portrait with a resampler over a face embedding that is not normalised to unit length. */
public record UnnormalisedFaceIdPortraitMethod() implements IdentityMethod {
  /** File names of published adapters. */
  private static final Pattern UNNORMALISED = Pattern.compile("unnorm|portrait");
  /**
   * An input of this width is a face embedding, because no image encoder has tokens of this width.
   * InstantID has the same layout, so the file name decides.
   */
  private static final int FACE_WIDTH = 512;

  @Override
  public String id() {
    return "face-id-portrait-unnormalised";
  }

  @Override
  public String title() {
    return "IP-Adapter FaceID Portrait, unnormalised";
  }

  @Override
  public ModelFamily family() {
    return FamilyRegistry.STABLE_DIFFUSION;
  }

  @Override
  public Optional<AdapterLayout> recognise(AdapterKeys keys) {
    if (!keys.hasResampler()) {
      return Optional.empty();
    }
    long in = keys.columns("proj_in.weight");
    boolean named = in == FACE_WIDTH
        ? UNNORMALISED.matcher(keys.fileName()).find()
        : keys.fileName().contains("unnorm");
    if (!named) {
      return Optional.empty();
    }
    return Optional.of(keys.faceResampler(this));
  }

  @Override
  public Optional<Licence> licence() {
    return Optional.of(new Licence("non-commercial research only", Commercial.NO));
  }

  @Override
  public ImageInput imageInput() {
    return ImageInput.NONE;
  }

  @Override
  public Optional<FaceInput> faceInput(long contextWidth) {
    return Optional.of(FaceInput.of(true, contextWidth));
  }

  @Override
  public String authorsDetector() {
    return "SCRFD, the first face";
  }

  @Override
  public LoraPart loraPart() {
    return LoraPart.OPTIONAL;
  }

  @Override
  public ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale) {
    return ResamplerProjection.ofFace(
        w, layout.resampler(), layout.tokens(), layout.faceWidth(), layout.contextWidth());
  }
}
