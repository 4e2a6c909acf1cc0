package dev.likeness.lora.internal.algorithm;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

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
}
