package dev.likeness.ipadapter.internal.method.faceid;

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
import dev.likeness.ipadapter.internal.projection.MlpProjection;
import java.util.List;
import java.util.Optional;

/**
 * FaceID: two layers over a face embedding, and a LoRA. Portrait, for several photos of one face:
 * the same layers with more tokens, and no LoRA.
 *
 * @param isPortrait true for Portrait
 */
public record FaceIdMethod(boolean isPortrait) implements IdentityMethod {
  /** The number of FaceID's tokens, by which it differs from Portrait. */
  private static final int TOKENS = 4;

  @Override
  public String id() {
    return isPortrait ? "face-id-portrait" : "face-id";
  }

  @Override
  public String title() {
    return isPortrait ? "IP-Adapter FaceID Portrait" : "IP-Adapter FaceID";
  }

  @Override
  public ModelFamily family() {
    return FamilyRegistry.STABLE_DIFFUSION;
  }

  @Override
  public Optional<AdapterLayout> recognise(AdapterKeys keys) {
    return keys.hasTwoLayers() && !keys.hasTransformerKey("weight")
        ? Optional.of(keys.twoFaceLayers(this))
            .filter(layout -> isPortrait != (layout.tokens() == TOKENS))
        : Optional.empty();
  }

  @Override
  public List<PublishedFile> publishedFiles() {
    return isPortrait
        ? List.of()
        : List.of(new PublishedFile(Part.LORA, "NAME_lora.safetensors", "h94/IP-Adapter-FaceID"));
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
    return Optional.of(FaceInput.of(false, contextWidth));
  }

  @Override
  public String authorsDetector() {
    return "SCRFD, the first face";
  }

  @Override
  public LoraPart loraPart() {
    return isPortrait ? LoraPart.OPTIONAL : LoraPart.REQUIRED;
  }

  @Override
  public ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale) {
    return MlpProjection.ofFace(
        w, layout.faceWidth(), layout.hiddenWidth(), layout.tokens(), layout.contextWidth());
  }
}
