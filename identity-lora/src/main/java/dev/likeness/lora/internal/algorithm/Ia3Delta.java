package dev.likeness.lora.internal.algorithm;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * IA3: each channel of a layer made so much more of itself, {@code W s} (Liu et al. 2022,
 * arXiv:2205.05638, section 3.3, as LyCORIS has it, which keeps the difference to 1:
 * modules/ia3.py).
 *
 * @param scales s, a number for each channel
 * @param input whether of the layer's inputs, else of its outputs
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
