package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** What a file does to the weight of one layer, in whatever form it says so. */
public interface WeightDelta {
  /**
   * The difference to the layer's weight at full strength.
   *
   * @param weight of the base, f32 on the CPU, [out, in], [out, in, kernel, kernel] or [channels]
   * @return f32, of the same shape, owned by the calling scope
   */
  Tensor deltaWeight(Tensor weight);

  /** The rank of its factors, or 0 for a change that has none. */
  default long rank() {
    return 0;
  }

  /** What its factors are multiplied by: alpha / rank where there is an alpha, else 1. */
  default double scale() {
    return 1;
  }

  /**
   * The same change with every tensor replaced by {@code place}'s, e.g. by one on another device.
   */
  WeightDelta map(UnaryOperator<Tensor> place);

  /**
   * A change that is computed beside its layer, from the layer's own input, so that the layer stays
   * as it is.
   */
  public interface Unmerged extends WeightDelta {
    /** The path beside the layer at a weight. */
    AdapterLayer at(double weight);

    @Override
    Unmerged map(UnaryOperator<Tensor> place);
  }

  /** Convolutions of side paths, in the input's type: gradients flow back through the cast. */
  static final class Convolutions {
    private static final long[] ONE = {1, 1};
    private static final long[] ZERO = {0, 0};

    private Convolutions() {}

    static Tensor conv2d(Tensor x, Tensor window, long[] stride, long[] padding) {
      return torch.conv2d(x, castLike(x, window), new TensorOptional(), stride, padding, ONE, 1);
    }

    /** With a window of one pixel. */
    static Tensor pointwise(Tensor x, Tensor window) {
      return conv2d(x, window, ONE, ZERO);
    }

    static Tensor castLike(Tensor x, Tensor factor) {
      return factor.scalar_type() == x.scalar_type() ? factor : factor.to(x.scalar_type());
    }
  }
}
