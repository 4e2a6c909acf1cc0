package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/**
 * A 3x3 convolution by Winograd's minimal filtering F(4, 3) along rows (Lavin and Gray,
 * arXiv:1509.09308, section 4). Four pixels of a row need six products instead of twelve. The
 * method needs additional passes over the image, so it pays only for many channels. Along columns
 * it is a plain sum, because passes in both directions would cost as much as the products save.
 *
 * <p>For f32 only: its rounding error is twice that of the plain sum in f32, but eight times in
 * bf16.
 */
public final class WinogradConvolution {
  private static final int TILE = 4;

  /** The smallest number of weights, and of pixels, for which the method is faster. */
  private static final long WEIGHTS = 256 * 128;

  private static final long PIXELS = 32 * 32;

  /**
   * Elements of the image in one band; with a minimum of rows. Intermediate tensors of a band fit
   * the caches.
   */
  private static final long BAND = 4 << 20;

  private static final long ROWS = 32;

  /** The six transformed weights as sums of the three weights of a row. */
  private static final double[][] SUMS = {
    {1 / 4., 0, 0},
    {-1 / 6., -1 / 6., -1 / 6.},
    {-1 / 6., 1 / 6., -1 / 6.},
    {1 / 24., 1 / 12., 1 / 6.},
    {1 / 24., -1 / 12., 1 / 6.},
    {0, 0, 1}
  };

  private static final long[] ONE = {1, 1};
  private static final long[] COLUMN = {1, 0};

  private final LayerWeight weight;
  private final TensorOptional bias;

  private WinogradConvolution(LayerWeight weight, TensorOptional bias) {
    this.weight = weight;
    this.bias = bias;
  }

  /**
   * Returns true if the method is faster for a 3x3 kernel with {@code out} output channels and an
   * image [batch, in, h, w].
   */
  public static boolean isFaster(Tensor x, long out, LayerWeight weight) {
    return weight.keepsForms()
        && PackedConvolution.isFaster(x)
        && Tensors.dtype(x) == DType.F32
        && x.size(3) % TILE == 0
        && x.size(2) * x.size(3) >= PIXELS
        && x.size(1) * out >= WEIGHTS;
  }

  /**
   * Convolves with a padding of one pixel, so that the size does not change.
   *
   * @param x [batch, in, h, w], w a multiple of four
   * @param out channels of the result
   * @param weight [out, in, 3, 3], whose sums are packed like other weights
   */
  public static Tensor of(Tensor x, long out, LayerWeight weight, TensorOptional bias) {
    Tensor y = torch.empty(
        new long[] {x.size(0), out, x.size(2), x.size(3)},
        x.options(),
        new MemoryFormatOptional(MemoryFormat.ChannelsLast));
    WinogradConvolution convolution = new WinogradConvolution(weight, bias);
    long band = Math.max(ROWS, BAND / (x.size(0) * x.size(1) * x.size(3)));
    for (long row = 0; row < x.size(2); row += band) {
      long rows = Math.min(band, x.size(2) - row);
      // Neighbouring rows are included, and the output rows at the padding are dropped.
      long first = Math.max(0, row - 1);
      long last = Math.min(x.size(2), row + rows + 1);
      try (TensorScope scope = TensorScope.open()) {
        convolution.forward(x.narrow(2, first, last - first), row - first, y.narrow(2, row, rows));
      }
    }
    return y;
  }

  private void forward(Tensor x, long skipped, Tensor y) {
    Tensor[] pixels = new Tensor[TILE];
    for (int i = 0; i < TILE; i++) {
      pixels[i] = quarter(x, i);
    }
    Tensor[] m = products(pixels);
    for (int i = 0; i < m.length; i++) {
      m[i] = m[i].narrow(2, skipped, y.size(2));
    }
    Tensor a = m[1].add(m[2]);
    Tensor b = m[3].add(m[4]);
    torch.add_out(quarter(y, 0), a, b).add_(m[0]);
    torch.add_out(quarter(y, 2), a, b, new Scalar(4));
    torch.sub_out(a, m[1], m[2]);
    torch.sub_out(b, m[3], m[4]);
    torch.add_out(quarter(y, 1), a, b, new Scalar(2));
    torch.add_out(quarter(y, 3), a, b, new Scalar(8)).add_(m[5]);
  }

  /**
   * Returns the six products of tiles of four pixels. The first and the last also read a pixel of
   * the neighbouring tile.
   */
  private Tensor[] products(Tensor[] x) {
    Tensor a = torch.sub(x[3], x[1], new Scalar(4));
    Tensor b = torch.sub(x[2], x[0], new Scalar(4));
    Tensor c = a.add(b);
    Tensor[] products = new Tensor[SUMS.length];
    products[1] = product(1, c);
    products[2] = product(2, torch.sub_out(c, a, b));
    torch.sub_out(a, x[3], x[1]);
    torch.sub_out(b, x[2], x[0]);
    products[3] = product(3, torch.add_out(c, a, b, new Scalar(2)));
    products[4] = product(4, torch.sub_out(c, a, b, new Scalar(2)));
    long others = a.size(3) - 1;
    torch
        .sub_out(a, x[3], x[1], new Scalar(5))
        .narrow(3, 1, others)
        .add_(x[3].narrow(3, 0, others), new Scalar(4));
    products[0] = product(0, a);
    torch
        .mul_out(b, x[0], new Scalar(4))
        .sub_(x[2], new Scalar(5))
        .narrow(3, 0, others)
        .add_(x[0].narrow(3, 1, others));
    products[5] = product(5, b);
    return products;
  }

  /**
   * Computes one product. The second includes the bias, because only it is in each of the four
   * pixels once with the same sign.
   */
  private Tensor product(int index, Tensor x) {
    return PackedConvolution.of(
        x,
        weight.withForm(
            "row" + index, wide -> sum(wide, SUMS[index]), weight.shape()[0], x.size(1), 3, 1),
        index == 1 ? bias : new TensorOptional(),
        ONE,
        COLUMN);
  }

  private static Tensor sum(Tensor weight, double[] factors) {
    Tensor sum = weight.narrow(3, 0, 1).mul(new Scalar(factors[0]));
    for (int i = 1; i < factors.length; i++) {
      sum.add_(weight.narrow(3, i, 1), new Scalar(factors[i]));
    }
    return sum;
  }

  /** Returns every fourth column from {@code first} on. */
  private static Tensor quarter(Tensor x, int first) {
    return x.slice(3, new LongOptional(first), new LongOptional(), TILE);
  }
}
