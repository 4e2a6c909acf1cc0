package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A low-rank change beside its layer, at a weight. Factors in another type than the input are cast
 * as they are used, and gradients flow back through the cast: so a model in bf16 trains factors in
 * f32.
 */
record LowRankPath(LoraDelta pair, double weight) implements AdapterLayer {
  @Override
  public Tensor delta(Tensor x) {
    Tensor h = torch.linear(x, Windows.like(x, pair.down()));
    return torch.linear(scaled(h), Windows.like(x, pair.up()));
  }

  @Override
  public Tensor delta(Tensor x, long[] stride, long[] padding) {
    Tensor h;
    if (pair.mid() == null) {
      h = Windows.over(x, pair.down(), stride, padding);
    } else {
      h = Windows.over(Windows.point(x, pair.down()), pair.mid(), stride, padding);
    }
    return Windows.point(scaled(h), pair.up());
  }

  @Override
  public Optional<Factors> lowRank() {
    return pair.mid() != null
        ? Optional.empty()
        : Optional.of(new Factors(pair.down(), pair.up(), weight * pair.scale()));
  }

  private Tensor scaled(Tensor h) {
    double factor = weight * pair.scale();
    return factor == 1 ? h : h.mul(new Scalar(factor));
  }
}
