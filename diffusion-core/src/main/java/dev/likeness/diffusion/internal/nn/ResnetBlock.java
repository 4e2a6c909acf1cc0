package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * A residual block: two convolutions with norms, the time embedding between them, and a shortcut
 * (He et al. 2016; Ho et al. 2020).
 */
public final class ResnetBlock {
  private final GroupNorm norm1;
  private final Conv2d conv1;
  private final Linear time;
  private final GroupNorm norm2;
  private final Conv2d conv2;
  private final Conv2d shortcut;
  private final Activation activation;
  private final double scale;
  private final RowTiling tiling;

  /**
   * Reads {@code norm1}, {@code conv1}, {@code time_emb_proj} (when {@code timeWidth} is not 0),
   * {@code norm2}, {@code conv2}, and {@code conv_shortcut} if the number of channels changes.
   *
   * @param scale divisor of the sum
   */
  public ResnetBlock(
      Weights w,
      int in,
      int out,
      int timeWidth,
      int groups,
      double eps,
      Activation activation,
      double scale) {
    this(w, in, out, timeWidth, groups, eps, activation, scale, RowTiling.NONE);
  }

  /** Reads a block that computes its convolutions in {@code tiling}. */
  public ResnetBlock(
      Weights w,
      int in,
      int out,
      int timeWidth,
      int groups,
      double eps,
      Activation activation,
      double scale,
      RowTiling tiling) {
    this.tiling = tiling;
    norm1 = new GroupNorm(w.at("norm1"), groups, in, eps);
    conv1 = new Conv2d(w.at("conv1"), in, out, 3);
    time = timeWidth == 0 ? null : new Linear(w.at("time_emb_proj"), timeWidth, out);
    norm2 = new GroupNorm(w.at("norm2"), groups, out, eps);
    conv2 = new Conv2d(w.at("conv2"), out, out, 3);
    shortcut = in == out ? null : new Conv2d(w.at("conv_shortcut"), in, out, 1);
    this.activation = activation;
    this.scale = scale;
  }

  /**
   * Maps [batch, in, h, w] to [batch, out, h, w]; {@code time} is the activated time embedding, or
   * null.
   */
  public Tensor forward(Tensor x, Tensor activatedTime) {
    Tensor h = normActConv(norm1, conv1, x);
    if (time != null) {
      h.add_(time.forward(activatedTime).unsqueeze(-1).unsqueeze(-1));
    }
    Tensor sum = normActConv(norm2, conv2, h).add_(shortcut == null ? x : shortcut.forward(x));
    return scale == 1 ? sum : sum.div_(new Scalar(scale));
  }

  /**
   * Applies norm, activation and convolution. Intermediate tensors are freed at once, because they
   * are the memory peak at full size.
   */
  private Tensor normActConv(GroupNorm norm, Conv2d conv, Tensor x) {
    try (TensorScope scope = TensorScope.open()) {
      return scope.promote(tiling.normalised(norm, x, part -> conv.forward(activation, part)));
    }
  }
}
