package dev.likeness.lora.internal.algorithm;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * IA3: the difference {@code W s} scales each channel of a layer (Liu et al. 2022,
 * arXiv:2205.05638, section 3.3). The scales are differences from 1, as in LyCORIS
 * (modules/ia3.py).
 *
 * @param scales s, one number per channel
 * @param input true to scale inputs, false to scale outputs
 */
public record Ia3Delta(Tensor scales, boolean input) implements WeightDelta {
  @Override
  public Tensor deltaWeight(Tensor weight) {
    long[] shape = new long[(int) weight.dim()];
    Arrays.fill(shape, 1);
    shape[input ? 1 : 0] = scales.numel();
    return weight.mul(scales.to(ScalarType.Float).view(shape));
  }

  @Override
  public Ia3Delta map(UnaryOperator<Tensor> place) {
    return new Ia3Delta(place.apply(scales), input);
  }
}
