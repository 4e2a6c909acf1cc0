package dev.likeness.cli.inspect;

import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.Map;
import java.util.TreeMap;

/** Counts the values of tensors, in total and by dtype. */
final class Tally {
  private final Map<String, Long> dtypes = new TreeMap<>();
  private long parameters;

  /** Counts the values of {@code tensors} and returns their number. */
  long add(TensorNames tensors) {
    long before = parameters;
    for (String name : tensors.names()) {
      dtypes.merge(tensors.dtype(name).name(), tensors.elements(name), Long::sum);
      parameters += tensors.elements(name);
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
