package dev.likeness.diffusion.internal.file.pickle;

import dev.likeness.diffusion.tensor.DType;
import java.util.List;

/**
 * A tensor as PyTorch describes it: a strided view of a storage.
 *
 * @param storage where its elements are
 * @param offset index of the first element
 * @param sizes the shape
 * @param strides elements between neighbours, by dimension
 */
record TensorRef(Storage storage, long offset, List<Long> sizes, List<Long> strides) {
  /** libtorch's own loops go no deeper. */
  static final int MAX_DIMENSIONS = 64;

  /**
   * Whether the view is well formed, lies within the storage, and has no more elements than that.
   */
  boolean isValid() {
    boolean sane = offset >= 0
        && sizes.size() == strides.size()
        && sizes.stream().allMatch(size -> size >= 0)
        && strides.stream().allMatch(stride -> stride >= 0);
    try {
      return sane
          && numel() <= storage.elements()
          && (sizes.contains(0L) || Math.addExact(offset, extent()) <= storage.elements());
    } catch (ArithmeticException e) {
      return false;
    }
  }

  /** The number of elements; a zero among the sizes must not hide an overflow. */
  long numel() {
    long product = 1;
    for (long size : sizes) {
      product = Math.multiplyExact(product, Math.max(size, 1));
    }
    return sizes.contains(0L) ? 0 : product;
  }

  /** The number of storage elements from the first to the last of the view, both included. */
  long extent() {
    long last = 0;
    for (int i = 0; i < sizes.size(); i++) {
      last = Math.addExact(last, Math.multiplyExact(sizes.get(i) - 1, strides.get(i)));
    }
    return Math.addExact(last, 1);
  }

  long[] shape() {
    return sizes.stream().mapToLong(Long::longValue).toArray();
  }

  long[] steps() {
    return strides.stream().mapToLong(Long::longValue).toArray();
  }

  @Override
  public String toString() {
    return storage.dtype() + " " + sizes + " with strides " + strides + " from element " + offset;
  }

  /**
   * A run of elements that tensors are views of.
   *
   * @param key its name in the file
   * @param dtype element type
   * @param elements number of elements, 0 or more
   */
  record Storage(String key, DType dtype, long elements) {
    /** The number of bytes. */
    long bytes() {
      return Math.multiplyExact(elements, dtype.bits() / Byte.SIZE);
    }
  }
}
