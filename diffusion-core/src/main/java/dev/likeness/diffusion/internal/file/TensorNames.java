package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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

  /** Returns the bytes of a tensor as it is stored; quantised values take less than their type. */
  default long storedBytes(String name) {
    return elements(name) * dtype(name).bits() / Byte.SIZE;
  }

  /**
   * Returns the factor of the values of a tensor that is stored as {@code F8_E4M3}: 1 without a
   * scale. Returns 0 if the tensor is stored in another type, or with a scale for each row.
   */
  default float f8Scale(String name) {
    return dtype(name) == DType.F8_E4M3 ? 1 : 0;
  }

  /** Returns the metadata of each file; empty if the format has none. */
  default Map<String, String> metadata() {
    return Map.of();
  }

  /** Returns {@link #metadata()} of each of several files. */
  default List<Map<String, String>> fileMetadata() {
    return List.of(metadata());
  }

  /** Returns the name that the file has for {@code name}, for error messages. */
  default String storedName(String name) {
    return name;
  }

  /** Returns true if the file has a tensor in 8 bits with a scale, which is applied. */
  default boolean isScaled(String name) {
    return false;
  }

  /** Returns true if there is such a tensor. */
  default boolean has(String name) {
    return names().contains(name);
  }

  /** Returns true if there is a tensor of the module {@code name}, or below it. */
  default boolean hasModule(String name) {
    String prefix = name + ".";
    return names().stream().anyMatch(each -> each.startsWith(prefix));
  }

  /** Returns the number of a tensor's elements. */
  default long elements(String name) {
    long count = 1;
    for (long size : shape(name)) {
      count *= size;
    }
    return count;
  }

  /** The most embeddings of one textual inversion. A chunk of a prompt has room for 75. */
  int MOST_EMBEDDINGS = 1024;
  /** The largest width of an embedding. That of T5 is 4096, and every CLIP is narrower. */
  int WIDEST = 8192;

  /**
   * Returns the width of the embeddings of a textual inversion, by the shape of their tensor.
   *
   * @throws InvalidInputException if the shape is not [width] or [embeddings, width] of usual sizes
   */
  static int embeddingWidth(TensorNames source, String name) {
    long[] shape = source.shape(name);
    long width = shape.length == 0 ? 0 : shape[shape.length - 1];
    long count = shape.length == 2 ? shape[0] : 1;
    if (shape.length < 1
        || shape.length > 2
        || width < 1
        || width > WIDEST
        || count < 1
        || count > MOST_EMBEDDINGS) {
      throw new InvalidInputException(
          source.describe() + ": the textual inversion " + Quoted.of(name)
              + " has the shape " + Arrays.toString(shape) + "; expected 1 to " + MOST_EMBEDDINGS
              + " embeddings of width 1 to " + WIDEST + ": download or train it again");
    }
    return (int) width;
  }
}
