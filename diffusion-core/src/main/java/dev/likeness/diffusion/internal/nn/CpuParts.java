package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.function.BinaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Divides large layers on a CPU, because a call of libtorch cannot be cancelled. Each part takes
 * about a second. Layers of usual images and layers of a training are not divided.
 */
final class CpuParts {
  /**
   * Floating-point operations of one part. A processor with AVX-512 takes between one and two
   * seconds for its share. The layers of an image of 512 by 512 pixels are not divided, because the
   * copy of their output would cost some percent.
   */
  static final long OPERATIONS =
      160_000_000_000L * Math.max(1, Runtime.getRuntime().availableProcessors());

  /** From this number of queries on, libtorch's fused attention works in its largest blocks. */
  private static final long MIN_QUERIES = 768;

  private CpuParts() {}

  /**
   * Returns the strips in which a convolution is computed.
   *
   * @param operationsPerRow floating-point operations of one row of the output
   * @param rows rows of the output
   */
  static RowTiling strips(Tensor x, long operationsPerRow, long rows) {
    return strips(x, operationsPerRow, rows, OPERATIONS);
  }

  static RowTiling strips(Tensor x, long operationsPerRow, long rows, long most) {
    if (!isDivisible(x) || operationsPerRow * rows <= most) {
      return RowTiling.NONE;
    }
    long even = Math.max(2, most / operationsPerRow / 2 * 2);
    return new RowTiling((int) Math.min(even, Integer.MAX_VALUE - 1));
  }

  /**
   * Applies attention to slices of the queries {@code q} [batch, heads, n, d] over {@code keys}
   * keys. Each row of the result depends on one query only.
   *
   * @param attention gets the queries of a slice and the slice of {@code mask}
   * @param mask null, or broadcast over [batch, heads, n, keys]
   */
  static Tensor attend(Tensor q, long keys, Tensor mask, BinaryOperator<Tensor> attention) {
    return attend(q, keys, mask, attention, OPERATIONS);
  }

  static Tensor attend(
      Tensor q, long keys, Tensor mask, BinaryOperator<Tensor> attention, long most) {
    long queries = q.size(2);
    long perQuery = 4 * q.size(0) * q.size(1) * q.size(3) * keys;
    long slice = Math.max(MIN_QUERIES, most / perQuery / MIN_QUERIES * MIN_QUERIES);
    if (!isDivisible(q) || queries <= slice) {
      return attention.apply(q, mask);
    }
    try (TensorScope scope = TensorScope.open()) {
      Tensor whole = null;
      for (long from = 0; from < queries; from += slice) {
        try (TensorScope each = TensorScope.open()) {
          long count = Math.min(slice, queries - from);
          Tensor part = attention.apply(q.narrow(2, from, count), rows(mask, from, count));
          whole = whole == null ? each.promote(empty(part, queries)) : whole;
          whole.narrow(2, from, count).copy_(part);
        }
      }
      return scope.promote(whole);
    }
  }

  private static Tensor rows(Tensor mask, long from, long count) {
    return mask == null || mask.size(-2) == 1 ? mask : mask.narrow(-2, from, count);
  }

  // As libtorch's fused attention returns it: the heads of a token are neighbours in memory.
  private static Tensor empty(Tensor part, long queries) {
    return torch
        .empty(
            new long[] {part.size(0), queries, part.size(1), part.size(3)},
            part.options(),
            new MemoryFormatOptional())
        .transpose(1, 2);
  }

  private static boolean isDivisible(Tensor x) {
    return x.is_cpu() && !GradMode.is_enabled();
  }
}
