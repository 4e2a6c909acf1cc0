package dev.likeness.ipadapter.internal.method.faceid;

import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.method.AdapterKeys;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.internal.projection.MlpProjection;
import java.util.Optional;

/** FaceID: two layers over a face embedding, and a LoRA. */
public record FaceIdMethod() implements IdentityMethod {
  /** The number of tokens, by which FaceID differs from Portrait. */
  private static final int TOKENS = 4;

  @Override
  public String id() {
    return "face-id";
  }

  @Override
  public String title() {
    return "IP-Adapter FaceID";
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
    int tokens = keys.tokenCount("proj.2.weight");
    if (tokens != TOKENS) {
      return Optional.empty();
    }
    return Optional.of(new AdapterLayout(
        this,
        tokens,
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
    return LoraPart.REQUIRED;
  }

  @Override
  public ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale) {
    return MlpProjection.ofFace(
        w, layout.faceWidth(), layout.hiddenWidth(), layout.tokens(), layout.contextWidth());
  }
}
