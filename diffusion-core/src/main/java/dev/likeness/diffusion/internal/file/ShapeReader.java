package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;

/**
 * Sizes out of a file's header.
 *
 * @param prefix what every name begins with
 * @param what what errors call the network
 */
public record ShapeReader(TensorNames keys, String prefix, String what) {
  public boolean has(String name) {
    return keys.has(prefix + name);
  }

  /** How many modules the list {@code name}, with its dot, has. */
  public int count(String name) {
    return Numbered.count(keys, prefix + name);
  }

  public int size(String name, int dimension) {
    if (!has(name) || keys.shape(prefix + name).length <= dimension) {
      throw new InvalidInputException(keys.describe() + ": the " + what + " has no usable tensor \""
          + prefix + name + "\"; the file is incomplete, or of another kind");
    }
    return (int) keys.shape(prefix + name)[dimension];
  }
}
