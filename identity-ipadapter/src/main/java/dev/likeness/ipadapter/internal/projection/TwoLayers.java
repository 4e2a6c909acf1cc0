package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.file.AdapterLayout;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Two layers over a face recogniser's numbers, as FaceID and Portrait have them, or over a
 * picture's pooled vector.
 */
final class TwoLayers implements ImageProjection {
  private final Linear in;
  private final Linear out;
  private final LayerNorm norm;
  private final AdapterLayout layout;

  TwoLayers(AdapterLayout layout, Weights w) {
    this.layout = layout;
    in = new Linear(
        w.at("proj").at(0), face() ? layout.faceWidth() : layout.imageWidth(), layout.hidden());
    out = new Linear(w.at("proj").at(2), layout.hidden(), layout.tokens() * layout.contextWidth());
    norm = new LayerNorm(w.at("norm"), layout.contextWidth());
  }

  @Override
  public Tensor forward(Sights sights) {
    Tensor x = face() ? sights.face() : sights.image().select(1, 0);
    Tensor flat = out.forward(torch.gelu(in.forward(x)));
    return norm.forward(flat.view(-1, layout.tokens(), layout.contextWidth()));
  }

  private boolean face() {
    return layout.kind().wantsFace();
  }
}
