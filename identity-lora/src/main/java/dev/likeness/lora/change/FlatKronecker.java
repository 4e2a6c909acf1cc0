package dev.likeness.lora.change;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * LoKr of a convolution as LyCORIS first wrote it: the product is of matrices, [out, in · kernel · kernel], so that
 * channels and window mix and no path of small convolutions says the same.
 */
public record FlatKronecker(Kronecker product) implements Change {
  @Override
  public Tensor difference(Tensor weight) {
    return product.difference(weight);
  }

  @Override
  public long rank() {
    return product.rank();
  }

  @Override
  public double scale() {
    return product.scale();
  }

  @Override
  public FlatKronecker mapped(UnaryOperator<Tensor> place) {
    return new FlatKronecker(product.mapped(place));
  }
}
