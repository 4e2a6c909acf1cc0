package dev.likeness.diffusion.internal.nn;

import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/** A weight of a network that keeps the {@code forms} its layer makes of it. */
public record KeptMatrix(
    long[] shape,
    Supplier<Tensor> numbers,
    BiFunction<String, UnaryOperator<Tensor>, Tensor> forms,
    boolean multipliesInEightBits)
    implements LayerWeight {
  @Override
  public Tensor wide() {
    return numbers.get();
  }

  @Override
  public boolean keeps() {
    return true;
  }

  @Override
  public Tensor made(String use, UnaryOperator<Tensor> making) {
    return forms.apply(use, making);
  }
}
