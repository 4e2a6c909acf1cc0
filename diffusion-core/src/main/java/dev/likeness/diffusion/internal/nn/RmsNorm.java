package dev.likeness.diffusion.internal.nn;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Root mean square normalisation (Zhang and Sennrich 2019, arXiv:1910.07467) over the last
 * dimension.
 */
public final class RmsNorm {
  private final Tensor weight;
  private final long[] shape;
  private final double eps;

  /** Reads {@code weight} [width]. */
  public RmsNorm(Weights w, long width, double eps) {
    weight = w.tensor("weight", width);
    shape = new long[] {width};
    this.eps = eps;
  }

  public Tensor forward(Tensor x) {
    return torch.rms_norm(x, shape, new TensorOptional(weight), new DoubleOptional(eps));
  }

  /**
   * Like {@link #forward}, for f32 input before f16 layers: normalises in f32, then casts to the
   * weight's type.
   */
  public Tensor forwardToWeightType(Tensor x) {
    if (x.scalar_type().intern() == weight.scalar_type().intern()) {
      return forward(x);
    }
    Tensor plain = torch.rms_norm(x, shape, new TensorOptional(), new DoubleOptional(eps));
    return plain.to(weight.scalar_type()).mul(weight);
  }
}
