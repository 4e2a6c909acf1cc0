package dev.likeness.diffusion.nn;

import dev.likeness.diffusion.weights.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Group normalisation (Wu and He 2018, arXiv:1803.08494) over [batch, channels, ...]. */
public final class GroupNorm {
  private final Tensor weight;
  private final Tensor bias;
  private final int groups;
  private final double eps;

  public GroupNorm(Weights w, int groups, long channels, double eps) {
    weight = w.tensor("weight", channels);
    bias = w.tensor("bias", channels);
    this.groups = groups;
    this.eps = eps;
  }

  public Tensor forward(Tensor x) {
    return torch.group_norm(x, groups, new TensorOptional(weight), new TensorOptional(bias), eps, false);
  }
}
