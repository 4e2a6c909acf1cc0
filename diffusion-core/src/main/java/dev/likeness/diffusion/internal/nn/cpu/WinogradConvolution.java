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
 * A convolution of three by three by Winograd's minimal filtering F(4, 3) along rows (Lavin and
 * Gray, arXiv:1509.09308, section 4): four pixels of a row come of six products and not of twelve,
 * so it multiplies half as much. It pays with passes over the image, hence only where channels are
 * many. Along columns it sums as ever: in both directions the passes would cost what the products
 * save.
 *
 * <p>In f32 alone: its rounding is twice that of the plain sum there, and eight times in bf16.
 */
public final class WinogradConvolution {
  private static final int TILE = 4;

  /** Weights a pixel, and pixels an image, from which the products saved outweigh the passes. */
  private static final long WEIGHTS = 256 * 128;

  private static final long PIXELS = 32 * 32;

  /**
   * Numbers of the image, and rows at least, that are taken at once, so that what is made of them
   * stays in the caches.
   */
  private static final long BAND = 4 << 20;

  private static final long ROWS = 32;

  /** The three weights of a row in each of the six. */
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
   * Whether it is, of a kernel of three by three and an image [batch, in, h, w]; {@code out} are
   * its channels.
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
   * Convolves, padded by a pixel so that the size stays.
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
      // The rows around it are read, and what the padding makes of them is dropped.
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
   * Of four pixels' tiles; the first and the last product also see a pixel of the tile before and
   * of the next.
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
   * The second product alone is once, and with one sign, in each of the four pixels: it brings the
   * bias.
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

  /** Every fourth column from {@code first} on. */
  private static Tensor quarter(Tensor x, int first) {
    return x.slice(3, new LongOptional(first), new LongOptional(), TILE);
  }
}
