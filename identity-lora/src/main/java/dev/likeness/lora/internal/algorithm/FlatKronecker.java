package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * LoKr of a convolution whose product is one of matrices, [out, in · kernel · kernel], cut so that
 * channels and window mix: no smaller convolution says the same, but every place's window as a
 * column does.
 *
 * @param kernel the window's side
 */
public record FlatKronecker(LokrDelta product, long kernel) implements SideChange {
  private static final long[] ONE = {1, 1};

  @Override
  public Tensor difference(Tensor weight) {
    return product.difference(weight);
  }

  @Override
  public AdapterLayer at(double weight) {
    return new Path(product.at(weight), kernel);
  }

  @Override
  public FlatKronecker mapped(UnaryOperator<Tensor> place) {
    return new FlatKronecker(product.mapped(place), kernel);
  }

  @Override
  public long rank() {
    return product.rank();
  }

  @Override
  public double scale() {
    return product.scale();
  }

  private record Path(AdapterLayer product, long kernel) implements AdapterLayer {
    @Override
    public Tensor delta(Tensor x) {
      return product.delta(x);
    }

    @Override
    public Tensor delta(Tensor x, long[] stride, long[] padding) {
      Tensor columns =
          torch.im2col(x, new long[] {kernel, kernel}, ONE, padding, stride).transpose(1, 2);
      long rows = (x.size(2) + 2 * padding[0] - kernel) / stride[0] + 1;
      return product.delta(columns).transpose(1, 2).unflatten(2, new long[] {rows, -1});
    }
  }
}
