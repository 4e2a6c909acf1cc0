package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Computes a layer in strips of rows, together with the neighbouring rows that it reads.
 * Intermediate tensors are never complete, which saves memory. The output equals that of the whole
 * layer up to rounding.
 *
 * @param rows output rows of a strip, even; 0 for no strips
 */
public record RowTiling(int rows) {
  /** No strips. */
  public static final RowTiling NONE = new RowTiling(0);

  public RowTiling {
    if (rows < 0 || rows % 2 != 0) {
      throw new IllegalArgumentException(
          "strips have " + rows + " rows, expected an even number from 0");
    }
  }

  /** Applies a layer that keeps the size and reads one row above and one below. */
  public Tensor keepSize(Tensor x, UnaryOperator<Tensor> layer) {
    return map(x, 1, 1, 1, layer);
  }

  /** Applies a layer that doubles the size, then reads one row above and one below. */
  public Tensor upsample(Tensor x, UnaryOperator<Tensor> layer) {
    return map(x, 2, 1, 1, layer);
  }

  /** Applies a layer that halves the size and reads one row below. */
  public Tensor downsample(Tensor x, UnaryOperator<Tensor> layer) {
    return map(x, 1, 2, 0, layer);
  }

  /** Applies a norm with statistics of the whole image, then a layer as for {@link #keepSize}. */
  public Tensor normalised(GroupNorm norm, Tensor x, UnaryOperator<Tensor> layer) {
    if (rows == 0) {
      return layer.apply(norm.forward(x));
    }
    UnaryOperator<Tensor> fixed = norm.withStatisticsOf(x);
    return keepSize(x, part -> layer.apply(fixed.apply(part)));
  }

  private Tensor map(Tensor x, int up, int down, int above, UnaryOperator<Tensor> layer) {
    if (rows == 0) {
      return layer.apply(x);
    }
    long height = x.size(2);
    long all = height * up / down;
    Tensor whole = null;
    try (TensorScope scope = TensorScope.open()) {
      for (long from = 0; from < all; from += rows) {
        long to = Math.min(all, from + rows);
        try (TensorScope strip = TensorScope.open()) {
          long first = Math.max(0, from * down / up - above);
          long last = Math.min(height, to * down / up + 1);
          Tensor part = layer.apply(x.narrow(2, first, last - first));
          whole = whole == null ? strip.promote(empty(part, all)) : whole;
          whole
              .narrow(2, from, to - from)
              .copy_(part.narrow(2, from - first * up / down, to - from));
        }
      }
      return scope.promote(whole);
    }
  }

  private static Tensor empty(Tensor part, long rows) {
    return torch.empty(
        new long[] {part.size(0), part.size(1), rows, part.size(3)},
        part.options(),
        new MemoryFormatOptional(part.suggest_memory_format()));
  }
}
