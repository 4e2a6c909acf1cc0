package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.tensor.DType;
import java.util.Set;

/** Names, shapes and element types of tensors, the content of a header. */
public interface TensorNames {
  /** Returns the names of all tensors, in the file's order. */
  Set<String> names();

  /** Returns the shape of {@code name}, which must be one of {@link #names()}. */
  long[] shape(String name);

  /** Returns the stored element type. */
  DType dtype(String name);

  /** Returns the file or folder, for error messages. */
  String describe();

  /** Returns true if there is such a tensor. */
  default boolean has(String name) {
    return names().contains(name);
  }

  /** Returns the number of a tensor's elements. */
  default long elements(String name) {
    long count = 1;
    for (long size : shape(name)) {
      count *= size;
    }
    return count;
  }
}
