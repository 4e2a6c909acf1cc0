package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

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
}
