package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Group normalisation (Wu and He 2018, arXiv:1803.08494) over [batch, channels, ...]. */
public final class GroupNorm {
  private static final long ROWS = 64;
  private static final long[] WITHIN = {2, 3, 4};

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
    return torch.group_norm(
        x, groups, new TensorOptional(weight), new TensorOptional(bias), eps, false);
  }

  /** Applies the norm in f32, for weights and input of any type. */
  public Tensor forwardInF32(Tensor x) {
    return torch.group_norm(
        x.to(torch.ScalarType.Float),
        groups,
        new TensorOptional(weight.to(torch.ScalarType.Float)),
        new TensorOptional(bias.to(torch.ScalarType.Float)),
        eps,
        false);
  }

  /**
   * Returns this norm with the statistics of the whole {@code x} [batch, channels, h, w], to apply
   * it to parts of {@code x}.
   */
  UnaryOperator<Tensor> withStatisticsOf(Tensor x) {
    long batch = x.size(0);
    long each = x.size(1) / groups;
    Scalar count = new Scalar((double) each * x.size(2) * x.size(3));
    Tensor mean = groupSums(x, part -> part).div(count);
    Tensor variance = groupSums(x, part -> part.sub(mean).square_()).div(count);
    Tensor scale = perChannel(variance.add(new Scalar(eps)).rsqrt(), each)
        .mul(weight.to(torch.ScalarType.Float));
    Tensor shift = bias.to(torch.ScalarType.Float).sub(perChannel(mean, each).mul(scale));
    Tensor scales = scale.view(batch, -1, 1, 1);
    Tensor shifts = shift.view(batch, -1, 1, 1);
    return part -> {
      // In f32, rounded once, like the whole norm.
      try (TensorScope scope = TensorScope.open()) {
        return scope.promote(part.mul(scales).add_(shifts).to(part.scalar_type()));
      }
    };
  }

  /**
   * Returns the sum over each group of {@code of} applied to its values in f32, [batch, groups, 1,
   * 1, 1]. Computes a few rows at a time.
   */
  private Tensor groupSums(Tensor x, UnaryOperator<Tensor> of) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor sum = torch.zeros(x.size(0), groups, 1, 1, 1).to(x.device(), torch.ScalarType.Float);
      for (long row = 0; row < x.size(2); row += ROWS) {
        try (TensorScope strip = TensorScope.open()) {
          Tensor part = x.narrow(2, row, Math.min(ROWS, x.size(2) - row));
          Tensor grouped = part.view(x.size(0), groups, -1, part.size(2), part.size(3))
              .to(torch.ScalarType.Float);
          sum.add_(of.apply(grouped).sum(WITHIN, true, new ScalarTypeOptional()));
        }
      }
      return scope.promote(sum);
    }
  }

  /**
   * Repeats statistics of groups [batch, groups, 1, 1, 1] for each of their channels: [batch,
   * channels].
   */
  private static Tensor perChannel(Tensor ofGroups, long each) {
    return ofGroups.flatten(1, -1).repeat_interleave(each, new LongOptional(1), new LongOptional());
  }
}
