package dev.likeness.lora.change;

import dev.likeness.diffusion.adapt.SidePath;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A low-rank change beside its layer, at a weight. Factors in another type than the input are cast as they are used,
 * and gradients flow back through the cast: so a model in bf16 trains factors in f32.
 */
record LowRankPath(LowRank factors, double weight) implements SidePath {
  @Override
  public Tensor delta(Tensor x) {
    Tensor h = torch.linear(x, Windows.like(x, factors.down()));
    return torch.linear(scaled(h), Windows.like(x, factors.up()));
  }

  @Override
  public Tensor delta(Tensor x, long[] stride, long[] padding) {
    Tensor h;
    if (factors.mid() == null) {
      h = Windows.over(x, factors.down(), stride, padding);
    } else {
      h = Windows.over(Windows.point(x, factors.down()), factors.mid(), stride, padding);
    }
    return Windows.point(scaled(h), factors.up());
  }

  private Tensor scaled(Tensor h) {
    double factor = weight * factors.scale();
    return factor == 1 ? h : h.mul(new Scalar(factor));
  }
}
