package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.file.AdapterLayout;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * FaceID's tokens look at a picture of the face: FaceID-Plus; the second version adds what they
 * were before.
 */
final class RefinedFace implements ImageProjection {
  private final TwoLayers face;
  private final PerceiverResampler layers;
  private final double shortcut;

  RefinedFace(AdapterLayout layout, Weights w, double shortcut) {
    face = new TwoLayers(layout, w);
    layers = new PerceiverResampler(
        w.at("perceiver_resampler"),
        layout.resampler(),
        layout.imageWidth(),
        layout.contextWidth());
    this.shortcut = shortcut;
  }

  @Override
  public Tensor forward(Sights sights) {
    Tensor tokens = face.forward(sights);
    Tensor refined = layers.forward(tokens, sights.image(), null);
    return Double.isNaN(shortcut) ? refined : tokens.add(refined, new Scalar(shortcut));
  }
}
