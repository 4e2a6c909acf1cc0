package dev.likeness.ipadapter.internal.method.faceidportrait;

import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.method.AdapterKeys;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.internal.projection.MlpProjection;
import java.util.Optional;

/** FaceID Portrait: FaceID with more tokens and no LoRA, for several photos of one face. */
public record FaceIdPortraitMethod() implements IdentityMethod {
  @Override
  public String id() {
    return "face-id-portrait";
  }

  @Override
  public String title() {
    return "IP-Adapter FaceID Portrait";
  }

  @Override
  public ModelFamily family() {
    return FamilyRegistry.STABLE_DIFFUSION;
  }

  @Override
  public Optional<AdapterLayout> recognise(AdapterKeys keys) {
    if (!keys.has("proj.2.weight")
        || !keys.has("norm.weight")
        || keys.hasTransformerKey("weight")) {
      return Optional.empty();
    }
    return Optional.of(new AdapterLayout(
        this,
        keys.tokenCount("proj.2.weight"),
        keys.length("norm.weight"),
        0,
        keys.columns("proj.0.weight"),
        keys.rows("proj.0.weight"),
        null,
        keys.attentionWidths(),
        keys.hasLora()));
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
  public LoraPart loraPart() {
    return LoraPart.OPTIONAL;
  }

  @Override
  public ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale) {
    return MlpProjection.ofFace(
        w, layout.faceWidth(), layout.hiddenWidth(), layout.tokens(), layout.contextWidth());
  }
}
