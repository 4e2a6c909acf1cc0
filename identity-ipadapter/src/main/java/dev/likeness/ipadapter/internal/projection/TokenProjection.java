package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.file.AdapterLayout;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Two layers over each of a picture's tokens: IP-Adapter Full Face. */
final class TokenProjection implements ImageProjection {
  private final Linear in;
  private final Linear out;
  private final LayerNorm norm;

  TokenProjection(AdapterLayout layout, Weights w) {
    in = new Linear(w.at("proj").at(0), layout.imageWidth(), layout.hidden());
    out = new Linear(w.at("proj").at(2), layout.hidden(), layout.contextWidth());
    norm = new LayerNorm(w.at("proj").at(3), layout.contextWidth());
  }

  @Override
  public Tensor forward(Sights sights) {
    return norm.forward(out.forward(torch.gelu(in.forward(sights.image()))));
  }
}
