package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.tensor.DType;
import java.util.Set;

/** Names, shapes and types of tensors: all that a header tells. */
public interface TensorNames {
  /** Every tensor's name, in the file's order. */
  Set<String> names();

  /** The shape of {@code name}, which must be one of {@link #names()}. */
  long[] shape(String name);

  /** The element type as stored. */
  DType dtype(String name);

  /** What error messages call this list: its file or folder. */
  String describe();

  /** Whether there is such a tensor. */
  default boolean has(String name) {
    return names().contains(name);
  }

  /** The number of a tensor's elements. */
  default long elements(String name) {
    long count = 1;
    for (long size : shape(name)) {
      count *= size;
    }
    return count;
  }
}
