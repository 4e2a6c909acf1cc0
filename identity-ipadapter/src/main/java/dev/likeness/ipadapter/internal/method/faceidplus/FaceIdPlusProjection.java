package dev.likeness.ipadapter.internal.method.faceidplus;

import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.internal.projection.MlpProjection;
import dev.likeness.ipadapter.internal.projection.PerceiverResampler;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * FaceID-Plus: FaceID's tokens attend to an image of the face. Version 2 adds the tokens from
 * before the attention.
 */
final class FaceIdPlusProjection implements ImageProjection {
  private final MlpProjection face;
  private final PerceiverResampler resampler;
  private final double shortcutScale;

  FaceIdPlusProjection(AdapterLayout layout, Weights w, double shortcutScale) {
    face = MlpProjection.ofFace(
        w, layout.faceWidth(), layout.hiddenWidth(), layout.tokens(), layout.contextWidth());
    resampler = new PerceiverResampler(
        w.at("perceiver_resampler"),
        layout.resampler(),
        layout.imageWidth(),
        layout.contextWidth());
    this.shortcutScale = shortcutScale;
  }

  @Override
  public Tensor forward(ImageProjection.ProjectionInputs inputs) {
    Tensor tokens = face.forward(inputs);
    Tensor refined = resampler.forward(tokens, inputs.image(), null);
    return Double.isNaN(shortcutScale) ? refined : tokens.add(refined, new Scalar(shortcutScale));
  }
}
