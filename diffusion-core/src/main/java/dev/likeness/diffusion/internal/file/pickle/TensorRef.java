package dev.likeness.diffusion.internal.file.pickle;

import dev.likeness.diffusion.tensor.DType;
import java.util.List;

/**
 * A strided view of a storage, as PyTorch describes a tensor.
 *
 * @param storage the storage with its elements
 * @param offset index of the first element
 * @param sizes the shape
 * @param strides distance of neighbours in elements, for each dimension
 */
record TensorRef(Storage storage, long offset, List<Long> sizes, List<Long> strides) {
  /** The limit of libtorch. */
  static final int MAX_DIMENSIONS = 64;

  /**
   * Returns true if the view is well formed, lies within the storage, and has no more elements than
   * the storage.
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

  /** Returns the number of elements; a size of zero must not hide an overflow. */
  long numel() {
    long product = 1;
    for (long size : sizes) {
      product = Math.multiplyExact(product, Math.max(size, 1));
    }
    return sizes.contains(0L) ? 0 : product;
  }

  /**
   * Returns the number of storage elements from the first to the last of the view, both included.
   */
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
   * A storage: a range of elements that tensors are views of.
   *
   * @param key its name in the file
   * @param dtype element type
   * @param elements number of elements, 0 or more
   */
  record Storage(String key, DType dtype, long elements) {
    /** Returns the number of bytes. */
    long bytes() {
      return Math.multiplyExact(elements, dtype.bits() / Byte.SIZE);
    }
  }
}
