package dev.likeness.diffusion.nn;

import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A convolution of three by three over a picture of twice the size whose every pixel is written four times. Of the nine
 * pixels under the kernel only four differ, so each of the four kinds of output pixels is a convolution of two by two over
 * the small picture: four ninths of the work. The same sum, its weights added first.
 */
final class DoublingConvolution {
  private static final long[] ONE = {1, 1};

  private DoublingConvolution() {}

  /** Not while learning, and on a graphics card one large convolution is better than four small ones. */
  static boolean isFaster(Tensor x) {
    return x.is_cpu() && !GradMode.is_enabled();
  }

  /**
   * Convolves.
   *
   * @param x the small picture, [batch, in, h, w]
   * @param weight [out, in, 3, 3]
   * @return [batch, out, 2 h, 2 w]
   */
  static Tensor of(Tensor x, Tensor weight, TensorOptional bias) {
    long h = x.size(2);
    long w = x.size(3);
    Tensor out = torch.empty(new long[] {x.size(0), weight.size(0), 2 * h, 2 * w}, x.options(),
        new MemoryFormatOptional(x.suggest_memory_format()));
    Tensor kinds = out.view(x.size(0), weight.size(0), h, 2, w, 2);
    Tensor exact = weight.to(ScalarType.Float);
    for (int row = 0; row < 2; row++) {
      Tensor rows = merged(exact, 2, row);
      for (int column = 0; column < 2; column++) {
        Tensor kernel = merged(rows, 3, column).to(weight.scalar_type());
        Tensor kind = torch.conv2d(x, kernel, bias, ONE, ONE, ONE, 1);
        kinds.select(5, column).select(3, row).copy_(kind.narrow(2, row, h).narrow(3, column, w));
      }
    }
    return out;
  }

  /** The two weights along a dimension that the three are to one kind of output pixel. */
  private static Tensor merged(Tensor weight, int dimension, int kind) {
    Tensor first = weight.narrow(dimension, 0, 1);
    Tensor middle = weight.narrow(dimension, 1, 1);
    Tensor last = weight.narrow(dimension, 2, 1);
    return torch.cat(kind == 0 ? new TensorVector(first, middle.add(last)) : new TensorVector(first.add(middle), last),
        dimension);
  }
}
