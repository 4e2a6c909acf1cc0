package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * DoRA beside its layer while it learns: the layer's own answer and the low-rank one, each brought
 * to the length that is learned. The present length counts as a constant (Liu et al. 2024,
 * arXiv:2402.09353, section 4.3).
 *
 * @param magnitude lengths of the rows [out]
 * @param weight of the base
 */
public record DoraPath(LoraDelta factors, Tensor magnitude, Tensor weight) implements AdapterLayer {
  @Override
  public Tensor delta(Tensor x) {
    return both(torch.linear(x, Windows.like(x, weight)), factors.at(1).delta(x), relative());
  }

  @Override
  public Tensor delta(Tensor x, long[] stride, long[] padding) {
    Tensor own = Windows.over(x, weight, stride, padding);
    return both(own, factors.at(1).delta(x, stride, padding), relative().view(-1, 1, 1));
  }

  private static Tensor both(Tensor own, Tensor learned, Tensor scale) {
    // In bf16 what is near 1 has steps of 1/256; how far it is from 1 has not.
    return own.mul(Windows.like(own, scale.sub(new Scalar(1.0))))
        .add(learned.mul(Windows.like(own, scale)));
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
