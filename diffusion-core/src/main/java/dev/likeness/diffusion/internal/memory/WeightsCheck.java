package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.tensor.Tensors;
import java.util.Arrays;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * What networks asked of a file, so that what is missing, misshapen or left over in it is said.
 * Thread-safe.
 */
final class WeightsCheck {
  private final Set<String> requested = ConcurrentHashMap.newKeySet();

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
    Tensors.scalarType(source.dtype(name));
    requested.add(name);
  }

  /**
   * Fails if {@code source} holds tensors that no network asked for, other than {@code expected}
   * leftovers.
   */
  void requireAll(TensorSource source, Set<String> expected) {
    Set<String> left = new TreeSet<>(source.names());
    left.removeAll(requested);
    left.removeAll(expected);
    if (!left.isEmpty()) {
      throw new InvalidInputException(source.describe() + ": " + left.size()
          + " tensors belong to no module of its config, e.g. \""
          + left.iterator().next() + "\"; the file and the config are of different models");
    }
  }

  /** The names of all that was asked for. */
  Stream<String> names() {
    return requested.stream();
  }

  /** What an error about a missing tensor names beside it. */
  static final class ClosestName {
    private ClosestName() {}

    /** The name that is nearest to {@code name} in letters, or "none". */
    static String of(String name, Collection<String> names) {
      return names.stream()
          .min((a, b) -> Integer.compare(distance(a, name), distance(b, name)))
          .orElse("none");
    }

    /** Levenshtein's edit distance. */
    private static int distance(String a, String b) {
      int[] row = new int[b.length() + 1];
      Arrays.setAll(row, j -> j);
      for (int i = 1; i <= a.length(); i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= b.length(); j++) {
          int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
          diagonal = row[j];
          row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
        }
      }
      return row[b.length()];
    }
  }

  /**
   * Parameters of a network that is built to see what it asks for: each is checked, and
   * {@code placeholder} is given for all.
   */
  record CheckedParameters(LoadedWeights weights, Tensor placeholder) implements Parameters {
    @Override
    public boolean has(String name) {
      return weights.has(name);
    }

    @Override
    public Tensor get(String name, long... shape) {
      weights.require(name, shape);
      return placeholder;
    }
  }
}
