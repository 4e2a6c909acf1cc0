package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** The change of the weight of one layer, by any algorithm. */
public interface WeightDelta {
  /**
   * Returns the difference from the weight of the base, at weight 1.
   *
   * @param weight the weight of the base, f32 on the CPU, [out, in], [out, in, kernel, kernel] or
   *     [channels]
   * @return the difference, f32, of the same shape, owned by the calling scope
   */
  Tensor deltaWeight(Tensor weight);

  /** Returns the rank of its factors, or 0 if it has none. */
  default long rank() {
    return 0;
  }

  /** Returns the factor of the delta: alpha / rank if there is an alpha, otherwise 1. */
  default double scale() {
    return 1;
  }

  /**
   * Returns the same delta with every tensor replaced by the result of {@code place}, e.g. a copy
   * on another device.
   */
  WeightDelta map(UnaryOperator<Tensor> place);

  /**
   * A delta that is computed from the input of the layer, beside it, so that the weight stays
   * unchanged.
   */
  public interface Unmerged extends WeightDelta {
    /** Returns the adapter layer for a weight. */
    AdapterLayer at(double weight);

    @Override
    Unmerged map(UnaryOperator<Tensor> place);
  }

  /** Convolutions of adapter layers, in the dtype of the input. Gradients flow through the cast. */
  static final class Convolutions {
    private static final long[] ONE = {1, 1};
    private static final long[] ZERO = {0, 0};

    private Convolutions() {}

    static Tensor conv2d(Tensor x, Tensor window, long[] stride, long[] padding) {
      return torch.conv2d(x, castLike(x, window), new TensorOptional(), stride, padding, ONE, 1);
    }

    /** Applies a 1x1 convolution. */
    static Tensor pointwise(Tensor x, Tensor window) {
      return conv2d(x, window, ONE, ZERO);
    }

    static Tensor castLike(Tensor x, Tensor factor) {
      return factor.scalar_type() == x.scalar_type() ? factor : factor.to(x.scalar_type());
    }
  }
}
