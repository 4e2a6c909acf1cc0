package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.file.AdapterLayout;
import org.bytedeco.pytorch.Tensor;

/**
 * Learnt queries look at a picture's tokens, or at a face's numbers as one token: IP-Adapter Plus.
 */
final class Resampler implements ImageProjection {
  private final Tensor latents;
  private final PerceiverResampler layers;
  private final boolean face;

  Resampler(AdapterLayout layout, Weights w, boolean face) {
    this.face = face;
    latents = w.tensor("latents", 1, layout.tokens(), layout.resampler().width());
    layers = new PerceiverResampler(
        w,
        layout.resampler(),
        face ? layout.faceWidth() : layout.imageWidth(),
        layout.contextWidth());
  }

  @Override
  public Tensor forward(Sights sights) {
    Tensor x = face ? sights.face().unsqueeze(1) : sights.image();
    return layers.forward(latents.expand(x.size(0), latents.size(1), latents.size(2)), x, null);
  }
}
