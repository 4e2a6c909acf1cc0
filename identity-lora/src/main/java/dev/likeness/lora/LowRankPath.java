package dev.likeness.lora;

import dev.likeness.diffusion.adapt.SidePath;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * A low-rank change beside its layer, at a weight. Factors in another type than the input are cast as they are used,
 * and gradients flow back through the cast: so a model in bf16 trains factors in f32.
 */
record LowRankPath(LowRank factors, double weight) implements SidePath {
  private static final long[] STRIDE = {1, 1};
  private static final long[] NO_PADDING = {0, 0};
  private static final long[] DILATION = {1, 1};

  @Override
  public Tensor delta(Tensor x) {
    return torch.linear(scaled(torch.linear(x, like(x, factors.down()))), like(x, factors.up()));
  }

  @Override
  public Tensor delta(Tensor x, long[] stride, long[] padding) {
    Tensor h;
    if (factors.mid() == null) {
      h = convolved(x, factors.down(), stride, padding);
    } else {
      h = convolved(convolved(x, factors.down(), STRIDE, NO_PADDING), factors.mid(), stride, padding);
    }
    return convolved(scaled(h), factors.up(), STRIDE, NO_PADDING);
  }

  private Tensor scaled(Tensor h) {
    double factor = weight * factors.scale();
    return factor == 1 ? h : h.mul(new Scalar(factor));
  }

  private static Tensor convolved(Tensor x, Tensor window, long[] stride, long[] padding) {
    return torch.conv2d(x, like(x, window), new TensorOptional(), stride, padding, DILATION, 1);
  }

  private static Tensor like(Tensor x, Tensor factor) {
    return factor.scalar_type() == x.scalar_type() ? factor : factor.to(x.scalar_type());
  }
}
