package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.TensorSource;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * What networks asked of a file, so that what is missing, misshapen or left over in it is said.
 * Thread-safe.
 */
final class WeightsCheck {
  private final Set<String> asked = ConcurrentHashMap.newKeySet();

  /**
   * Notes that a network asks for a tensor; fails if {@code source} has none of that name, shape
   * and a type that can be loaded.
   */
  void require(TensorSource source, String name, long... shape) {
    if (!source.names().contains(name)) {
      throw new InvalidInputException(source.describe() + ": no tensor \"" + name + "\"; closest: "
          + ClosestName.of(name, source.names())
          + "; the file is not of the kind its config says, or incomplete");
    }
    long[] actual = source.shape(name);
    if (!Arrays.equals(actual, shape)) {
      throw new InvalidInputException(source.describe() + ": " + name + " has shape "
          + Arrays.toString(actual) + ", expected " + Arrays.toString(shape) + " by its config");
    }
    source.dtype(name).scalarType();
    asked.add(name);
  }

  /**
   * Fails if {@code source} holds tensors that no network asked for, other than {@code expected}
   * leftovers.
   */
  void requireAll(TensorSource source, Set<String> expected) {
    Set<String> left = new TreeSet<>(source.names());
    left.removeAll(asked);
    left.removeAll(expected);
    if (!left.isEmpty()) {
      throw new InvalidInputException(source.describe() + ": " + left.size()
          + " tensors belong to no module of its config, e.g. \""
          + left.iterator().next() + "\"; the file and the config are of different models");
    }
  }

  /** The names of all that was asked for. */
  Stream<String> names() {
    return asked.stream();
  }
}
