package dev.likeness.diffusion.internal.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Products of adapter layers, in the dtype of the input. Gradients flow through the cast. */
public final class AdapterProducts {
  private static final long[] ONE = {1, 1};
  private static final long[] ZERO = {0, 0};

  private AdapterProducts() {}

  /** Multiplies the last dimension of x by a matrix [out, in]. */
  public static Tensor linear(Tensor x, Tensor matrix) {
    return Linear.product(x, castLike(x, matrix));
  }

  /** Applies a convolution without bias. */
  public static Tensor conv2d(Tensor x, Tensor window, long[] stride, long[] padding) {
    return torch.conv2d(x, castLike(x, window), new TensorOptional(), stride, padding, ONE, 1);
  }

  /** Applies a 1x1 convolution. */
  public static Tensor pointwise(Tensor x, Tensor window) {
    return conv2d(x, window, ONE, ZERO);
  }

  /** Returns a factor in the dtype of the input. */
  public static Tensor castLike(Tensor x, Tensor factor) {
    return factor.scalar_type() == x.scalar_type() ? factor : factor.to(x.scalar_type());
  }
}
