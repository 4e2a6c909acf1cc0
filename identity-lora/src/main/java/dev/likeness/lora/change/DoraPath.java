package dev.likeness.lora.change;

import dev.likeness.diffusion.adapt.SidePath;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * DoRA beside its layer while it learns: the layer's own answer and the low-rank one, each brought to the length that
 * is learned. The present length counts as a constant (Liu et al. 2024, arXiv:2402.09353, section 4.3).
 *
 * @param magnitude lengths of the rows [out]
 * @param weight of the base
 */
public record DoraPath(LowRank factors, Tensor magnitude, Tensor weight) implements SidePath {
  @Override
  public Tensor delta(Tensor x) {
    Tensor scale = Windows.like(x, relative());
    return both(torch.linear(x, Windows.like(x, weight)), factors.at(1).delta(x), scale);
  }

  @Override
  public Tensor delta(Tensor x, long[] stride, long[] padding) {
    Tensor scale = Windows.like(x, relative()).view(-1, 1, 1);
    return both(Windows.over(x, weight, stride, padding), factors.at(1).delta(x, stride, padding), scale);
  }

  private static Tensor both(Tensor own, Tensor learned, Tensor scale) {
    return own.mul(scale.sub(new Scalar(1.0))).add(learned.mul(scale));
  }

  private Tensor relative() {
    return magnitude.div(lengths());
  }

  private Tensor lengths() {
    try (NoGradGuard guard = new NoGradGuard()) {
      return lengths(weight.to(ScalarType.Float).add(factors.difference(weight)));
    }
  }

  /** The lengths of a weight's rows [out], f32. */
  public static Tensor lengths(Tensor weight) {
    return weight.to(ScalarType.Float).flatten(1, -1).square().sum(1).sqrt();
  }
}
