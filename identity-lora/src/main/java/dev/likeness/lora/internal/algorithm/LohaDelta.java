package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * LoHa: the elementwise product of two low-rank matrices (Hyeon-Woo et al. 2022, arXiv:2108.06098,
 * equation 3), times {@code scale}.
 */
public record LohaDelta(Factor first, Factor second, double scale) implements WeightDelta {
  /**
   * One of the two matrices.
   *
   * @param a [out, rank], or with a core [rank, out]
   * @param core [rank, rank, kernel, kernel], or null
   * @param b [rank, in · kernel · kernel], or with a core [rank, in]
   */
  public record Factor(Tensor a, Tensor core, Tensor b) {
    Tensor matrix() {
      Tensor left = a.to(ScalarType.Float);
      Tensor right = b.to(ScalarType.Float);
      return core == null
          ? torch.matmul(left, right.flatten(1, -1))
          : LoraDelta.Tucker.rebuild(core.to(ScalarType.Float), left, right).flatten(1, -1);
    }

    private Factor map(UnaryOperator<Tensor> place) {
      return new Factor(place.apply(a), core == null ? null : place.apply(core), place.apply(b));
    }
  }

  @Override
  public Tensor deltaWeight(Tensor weight) {
    return deltaWeight(weight.shape());
  }

  private Tensor deltaWeight(long... shape) {
    return first.matrix().mul(second.matrix()).mul(new Scalar(scale)).view(shape);
  }

  /** Returns true if both matrices have two factors, no core. */
  public static boolean isPlain(LohaDelta delta) {
    return delta.first.core == null && delta.second.core == null;
  }

  @Override
  public LohaDelta map(UnaryOperator<Tensor> place) {
    return new LohaDelta(first.map(place), second.map(place), scale);
  }

  @Override
  public long rank() {
    return first.b.size(0);
  }

  /**
   * LoHa as an adapter layer during training. Each use computes the product again, so that with
   * gradient checkpointing only one block has its products in memory.
   *
   * @param shape the shape of the weight
   */
  public record LohaLayer(LohaDelta factors, long... shape) implements AdapterLayer {
    @Override
    public Tensor delta(Tensor x) {
      return new FullDelta(factors.deltaWeight(shape)).at(1).delta(x);
    }

    @Override
    public Tensor delta(Tensor x, long[] stride, long[] padding) {
      return new FullDelta(factors.deltaWeight(shape)).at(1).delta(x, stride, padding);
    }
  }
}
