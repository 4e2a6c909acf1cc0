package dev.likeness.lora.internal.algorithm;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Convolutions of side paths, in the input's type: gradients flow back through the cast. */
final class Windows {
  private static final long[] ONE = {1, 1};
  private static final long[] NONE = {0, 0};

  private Windows() {}

  static Tensor over(Tensor x, Tensor window, long[] stride, long[] padding) {
    return torch.conv2d(x, like(x, window), new TensorOptional(), stride, padding, ONE, 1);
  }

  /** With a window of one pixel. */
  static Tensor point(Tensor x, Tensor window) {
    return over(x, window, ONE, NONE);
  }

  static Tensor like(Tensor x, Tensor factor) {
    return factor.scalar_type() == x.scalar_type() ? factor : factor.to(x.scalar_type());
  }
}
