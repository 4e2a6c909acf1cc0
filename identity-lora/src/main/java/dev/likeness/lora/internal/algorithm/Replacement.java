package dev.likeness.lora.internal.algorithm;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A new weight in the place of the base's. */
public record Replacement(Tensor value) implements WeightDelta {
  @Override
  public Tensor difference(Tensor weight) {
    return value.to(ScalarType.Float).view(weight.shape()).sub(weight);
  }

  @Override
  public Replacement mapped(UnaryOperator<Tensor> place) {
    return new Replacement(place.apply(value));
  }
}
