package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;

/**
 * IP-Adapter: a linear layer over the image's pooled vector (Ye et al. 2023, arXiv:2308.06721,
 * section 3.2).
 */
public final class PooledProjection implements ImageProjection {
  private final Linear proj;
  private final LayerNorm norm;
  private final long tokens;
  private final long contextWidth;

  /**
   * Reads {@code proj} and {@code norm}.
   *
   * @param in width of the pooled vector
   * @param tokens number of tokens that it makes
   * @param contextWidth width of each
   */
  public PooledProjection(Weights w, long in, long tokens, long contextWidth) {
    this.tokens = tokens;
    this.contextWidth = contextWidth;
    proj = new Linear(w.at("proj"), in, tokens * contextWidth);
    norm = new LayerNorm(w.at("norm"), contextWidth);
  }

  @Override
  public Tensor forward(ImageProjection.ProjectionInputs inputs) {
    return norm.forward(proj.forward(inputs.image().select(1, 0)).view(-1, tokens, contextWidth));
  }
}
