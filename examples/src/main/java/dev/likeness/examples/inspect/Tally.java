package dev.likeness.examples.inspect;

import dev.likeness.diffusion.weights.TensorEntry;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** Adds up the numbers of tensors, in all and by element type. */
final class Tally {
  private final Map<String, Long> dtypes = new TreeMap<>();
  private long parameters;

  /** Counts {@code tensors} and returns how many numbers they have. */
  long add(Collection<TensorEntry> tensors) {
    long before = parameters;
    for (TensorEntry tensor : tensors) {
      dtypes.merge(tensor.dtype().name(), tensor.elements(), Long::sum);
      parameters += tensor.elements();
    }
    return parameters - before;
  }

  long parameters() {
    return parameters;
  }

  Map<String, Long> dtypes() {
    return dtypes;
  }
}
