package dev.likeness.diffusion.internal.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Layer normalisation (Ba et al. 2016, arXiv:1607.06450) over the last dimension. */
public final class LayerNorm {
  private final Tensor weight;
  private final Tensor bias;
  private final long[] shape;
  private final double eps;

  public LayerNorm(Weights w, long width, double eps) {
    weight = w.tensor("weight", width);
    bias = w.tensor("bias", width);
    shape = new long[] {width};
    this.eps = eps;
  }

  public LayerNorm(Weights w, long width) {
    this(w, width, 1e-5);
  }

  public Tensor forward(Tensor x) {
    return torch.layer_norm(
        x, shape, new TensorOptional(weight), new TensorOptional(bias), eps, false);
  }
}
