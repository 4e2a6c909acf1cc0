package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.file.AdapterLayout;
import org.bytedeco.pytorch.Tensor;

/**
 * One linear layer over a picture's pooled vector (Ye et al. 2023, arXiv:2308.06721, section 3.2).
 */
final class PooledProjection implements ImageProjection {
  private final Linear proj;
  private final LayerNorm norm;
  private final AdapterLayout layout;

  PooledProjection(AdapterLayout layout, Weights w) {
    this.layout = layout;
    proj = new Linear(w.at("proj"), layout.imageWidth(), layout.tokens() * layout.contextWidth());
    norm = new LayerNorm(w.at("norm"), layout.contextWidth());
  }

  @Override
  public Tensor forward(Sights sights) {
    return norm.forward(
        proj.forward(sights.image().select(1, 0)).view(-1, layout.tokens(), layout.contextWidth()));
  }
}
