package dev.likeness.diffusion.internal.file.pickle;

import dev.likeness.diffusion.tensor.DType;

/**
 * A run of elements that tensors are views of.
 *
 * @param key its name in the file
 * @param dtype element type
 * @param elements number of elements, 0 or more
 */
record StorageRef(String key, DType dtype, long elements) {
  /** The number of bytes. */
  long bytes() {
    return Math.multiplyExact(elements, dtype.bits() / Byte.SIZE);
  }
}
