package dev.likeness.ipadapter.internal.method.fullface;

import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** IP-Adapter Full Face: two layers over each of the image's tokens. */
final class TokenProjection implements ImageProjection {
  private final Linear in;
  private final Linear out;
  private final LayerNorm norm;

  TokenProjection(AdapterLayout layout, Weights w) {
    in = new Linear(w.at("proj").at(0), layout.imageWidth(), layout.hiddenWidth());
    out = new Linear(w.at("proj").at(2), layout.hiddenWidth(), layout.contextWidth());
    norm = new LayerNorm(w.at("proj").at(3), layout.contextWidth());
  }

  @Override
  public Tensor forward(ImageProjection.ProjectionInputs inputs) {
    return norm.forward(out.forward(torch.gelu(in.forward(inputs.image()))));
  }
}
