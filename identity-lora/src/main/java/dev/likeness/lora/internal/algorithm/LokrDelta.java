package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.nn.AdapterProducts;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * LoKr: the Kronecker product of a small matrix and a larger one or a convolution kernel, times
 * {@code scale} (Edalati et al. 2022, arXiv:2212.10650, equation 4; Yeh et al. 2024,
 * arXiv:2309.14859, section 3.2).
 *
 * @param outer [out1, in1]
 * @param inner [out2, in2] or [out2, in2, kernel, kernel]
 * @param rank the rank of the factors of the two, or 0
 */
public record LokrDelta(Tensor outer, Tensor inner, long rank, double scale)
    implements WeightDelta.Unmerged {
  @Override
  public Tensor deltaWeight(Tensor weight) {
    Tensor left = outer.to(ScalarType.Float);
    for (long i = outer.dim(); i < inner.dim(); i++) {
      left = left.unsqueeze(-1);
    }
    return torch
        .kron(left, inner.to(ScalarType.Float).contiguous())
        .mul(new Scalar(scale))
        .view(weight.shape());
  }

  @Override
  public AdapterLayer at(double weight) {
    return new LokrLayer(this, weight * scale);
  }

  @Override
  public LokrDelta map(UnaryOperator<Tensor> place) {
    return new LokrDelta(place.apply(outer), place.apply(inner), rank, scale);
  }

  /**
   * Applies the inner matrix to groups of the input, then mixes the groups by the outer one. The
   * full product is never computed.
   */
  private record LokrLayer(LokrDelta factors, double weight) implements AdapterLayer {
    @Override
    public Tensor delta(Tensor x) {
      Tensor groups = x.unflatten(-1, new long[] {factors.outer.size(1), factors.inner.size(1)});
      Tensor h = AdapterProducts.linear(groups, factors.inner);
      return torch
          .matmul(AdapterProducts.castLike(x, factors.outer), h.mul(new Scalar(weight)))
          .flatten(-2, -1);
    }

    @Override
    public Tensor delta(Tensor x, long[] stride, long[] padding) {
      long batch = x.size(0);
      Tensor groups = x.reshape(batch * factors.outer.size(1), -1, x.size(2), x.size(3));
      Tensor h = AdapterProducts.conv2d(groups, factors.inner, stride, padding);
      Tensor columns = h.view(batch, factors.outer.size(1), -1).mul(new Scalar(weight));
      Tensor y = torch.matmul(AdapterProducts.castLike(x, factors.outer), columns);
      return y.view(batch, factors.outer.size(0) * h.size(1), h.size(2), h.size(3));
    }
  }

  /**
   * LoKr of a convolution whose Kronecker product is a matrix [out, in · kernel · kernel] in which
   * channels and window mix. It cannot be written as a smaller convolution, so it is applied to the
   * unfolded windows (im2col).
   *
   * @param kernel the side of the window
   */
  public record FlatKronecker(LokrDelta product, long kernel) implements WeightDelta.Unmerged {
    private static final long[] ONE = {1, 1};

    @Override
    public Tensor deltaWeight(Tensor weight) {
      return product.deltaWeight(weight);
    }

    @Override
    public AdapterLayer at(double weight) {
      return new FlatLayer(product.at(weight), kernel);
    }

    @Override
    public FlatKronecker map(UnaryOperator<Tensor> place) {
      return new FlatKronecker(product.map(place), kernel);
    }

    @Override
    public long rank() {
      return product.rank();
    }

    @Override
    public double scale() {
      return product.scale();
    }

    private record FlatLayer(AdapterLayer product, long kernel) implements AdapterLayer {
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
}
