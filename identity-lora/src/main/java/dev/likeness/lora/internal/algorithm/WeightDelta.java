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
  Tensor difference(Tensor weight);

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
  WeightDelta mapped(UnaryOperator<Tensor> place);

  /**
   * A change that is computed beside its layer, from the layer's own input, so that the layer stays
   * as it is.
   */
  public interface Unmerged extends WeightDelta {
    /** The path beside the layer at a weight. */
    AdapterLayer at(double weight);

    @Override
    Unmerged mapped(UnaryOperator<Tensor> place);
  }

  /** Convolutions of side paths, in the input's type: gradients flow back through the cast. */
  static final class Windows {
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
}
