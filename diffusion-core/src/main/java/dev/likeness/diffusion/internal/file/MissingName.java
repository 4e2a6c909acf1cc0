package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.DType;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Finds the one tensor that a file lacks to be recognised. If there is one, the file is damaged;
 * otherwise it is of another kind. Every name that a detection asks for in vain is tried.
 */
public final class MissingName {
  private MissingName() {}

  /**
   * Returns the name of the tensor with which {@code detection} accepts {@code file}; empty if it
   * needs more than one.
   */
  public static Optional<String> of(TensorNames file, Predicate<TensorNames> detection) {
    Set<String> asked = new LinkedHashSet<>();
    isMet(detection, new Probe(file, asked, null));
    return asked.stream()
        .filter(name -> isMet(detection, new Probe(file, new LinkedHashSet<>(), name)))
        .findFirst();
  }

  /**
   * Returns a hint in an error that {@code file} lacks a component: the name of the one tensor that
   * it lacks, if it has others of the same module; empty otherwise.
   */
  public static String hint(TensorNames file, Predicate<TensorNames> detection) {
    return of(file, detection)
        .filter(name -> name.indexOf('.') != name.lastIndexOf('.'))
        .filter(name ->
            file.hasModule(name.substring(0, name.lastIndexOf('.', name.lastIndexOf('.') - 1))))
        .map(name -> " (its tensor " + Quoted.of(name) + " is missing)")
        .orElse("");
  }

  // The shape of the tensor is not known. A detection that reads it has accepted the names.
  private static boolean isMet(Predicate<TensorNames> detection, TensorNames file) {
    try {
      return detection.test(file);
    } catch (InvalidInputException | ArithmeticException e) {
      return true;
    }
  }

  /** The file as if it had one more tensor; names that it lacks are added to {@code asked}. */
  private record Probe(TensorNames file, Set<String> asked, String more) implements TensorNames {
    @Override
    public boolean has(String name) {
      boolean there = name.equals(more) || file.has(name);
      if (!there) {
        asked.add(name);
      }
      return there;
    }

    @Override
    public Set<String> names() {
      if (more == null) {
        return file.names();
      }
      Set<String> names = new LinkedHashSet<>(file.names());
      names.add(more);
      return names;
    }

    @Override
    public long[] shape(String name) {
      return name.equals(more) ? new long[4] : file.shape(name);
    }

    @Override
    public DType dtype(String name) {
      return name.equals(more) ? DType.F32 : file.dtype(name);
    }

    @Override
    public Map<String, String> metadata() {
      return file.metadata();
    }

    @Override
    public String describe() {
      return file.describe();
    }
  }
}
