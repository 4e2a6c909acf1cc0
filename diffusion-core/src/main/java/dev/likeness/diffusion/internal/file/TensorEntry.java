package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.tensor.DType;
import java.util.List;

/**
 * What a safetensors header says of one tensor.
 *
 * @param dtype element type
 * @param shape sizes, each 0 or more; empty for a scalar
 * @param begin first byte, counted from the end of the header
 * @param end one past the last byte
 */
public record TensorEntry(DType dtype, List<Long> shape, long begin, long end) {
  public TensorEntry {
    shape = List.copyOf(shape);
  }

  /** The number of elements; 1 for a scalar. */
  public long elements() {
    return shape.stream().reduce(1L, (a, b) -> a * b);
  }

  /** The number of bytes in the file. */
  public long bytes() {
    return end - begin;
  }

  /** The shape as libtorch takes it: a fresh array. */
  public long[] sizes() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }
}
