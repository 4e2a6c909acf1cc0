package dev.likeness.diffusion.internal.nn.cpu;

import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Nearest-neighbour upsampling by two and a 3x3 convolution in one operation. Only four of the nine
 * pixels under the kernel differ. Each of the four kinds of output pixels is therefore a 2x2
 * convolution over the small image, which is four ninths of the work. The result is the same sum;
 * weights of equal pixels are added once in advance.
 */
public final class UpsampleConvolution {
  private static final long[] ONE = {1, 1};

  private UpsampleConvolution() {}

  /**
   * Returns true outside training on a CPU. On a GPU, one large convolution is faster than four
   * small ones.
   */
  public static boolean isFaster(Tensor x) {
    return x.is_cpu() && !GradMode.is_enabled();
  }

  /**
   * Convolves.
   *
   * @param x the small image, [batch, in, h, w]
   * @param weight [out, in, 3, 3], whose sums are packed like other weights
   * @return [batch, out, 2 h, 2 w]
   */
  public static Tensor of(Tensor x, LayerWeight weight, TensorOptional bias) {
    long h = x.size(2);
    long w = x.size(3);
    long[] kernel = {weight.shape()[0], weight.shape()[1], 2, 2};
    Tensor out = null;
    for (int kind = 0; kind < 4; kind++) {
      int row = kind / 2;
      int column = kind % 2;
      Tensor y = PackedConvolution.of(
          x,
          weight.withForm("kind" + kind, wide -> merged(wide, row, column), kernel),
          bias,
          ONE,
          ONE);
      if (out == null) {
        out = torch.empty(
            new long[] {x.size(0), y.size(1), 2 * h, 2 * w},
            x.options(),
            new MemoryFormatOptional(x.suggest_memory_format()));
      }
      out.view(x.size(0), y.size(1), h, 2, w, 2)
          .select(5, column)
          .select(3, row)
          .copy_(y.narrow(2, row, h).narrow(3, column, w));
    }
    return out;
  }

  private static Tensor merged(Tensor weight, int row, int column) {
    return along(along(weight.to(ScalarType.Float), 2, row), 3, column).to(weight.scalar_type());
  }

  /** Adds the three weights along a dimension to the two weights of one kind of output pixel. */
  private static Tensor along(Tensor weight, int dimension, int kind) {
    Tensor first = weight.narrow(dimension, 0, 1);
    Tensor middle = weight.narrow(dimension, 1, 1);
    Tensor last = weight.narrow(dimension, 2, 1);
    return torch.cat(
        kind == 0
            ? new TensorVector(first, middle.add(last))
            : new TensorVector(first.add(middle), last),
        dimension);
  }
}
