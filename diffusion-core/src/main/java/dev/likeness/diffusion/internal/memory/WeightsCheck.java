package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.schedulers.internal.ClosestNames;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * Checks a file against the tensors that networks ask for: missing ones, wrong shapes, leftovers.
 * Thread-safe.
 */
final class WeightsCheck {
  private final Set<String> requested = ConcurrentHashMap.newKeySet();
  private final Set<String> finite = ConcurrentHashMap.newKeySet();

  /**
   * Records that a network asks for a tensor. Fails if {@code source} has no tensor of that name
   * and shape, or its type cannot be loaded.
   */
  void require(TensorSource source, String name, long... shape) {
    if (!source.names().contains(name)) {
      String stored = source.storedName(name);
      throw new InvalidInputException(
          source.describe() + ": no tensor \"" + stored + "\"; closest: "
              + Quoted.value(
                  ClosestNames.of(stored, source.names().stream().map(source::storedName), 1))
              + "; the model may be of a variant that is not supported, or the file and its"
              + " config of different models: use both files of one published model");
    }
    long[] actual = source.shape(name);
    if (!Arrays.equals(actual, shape)) {
      throw new InvalidInputException(
          source.describe() + ": \"" + source.storedName(name)
              + "\" has shape "
              + Arrays.toString(actual) + ", expected " + Arrays.toString(shape)
              + " by its config; the file and the config are of different models: use both files of one model");
    }
    Tensors.scalarType(source.dtype(name));
    if (!source.dtype(name).isFloating()) {
      throw TensorSource.notScaled(source, name);
    }
    requested.add(name);
  }

  /**
   * Returns {@code placed} after checking, once for each tensor, that the file has neither NaN nor
   * infinite values in it. Finite values beyond the range of the layers' type pass.
   */
  Tensor requireFinite(ReopenedFile file, String name, Tensor placed) {
    if (!finite.contains(name)) {
      if (placed.is_floating_point()
          && !Tensors.isFinite(placed)
          && !Tensors.isFinite(file.open().read(name))) {
        throw TensorSource.notFinite(file.header(), name);
      }
      finite.add(name);
    }
    return placed;
  }

  /**
   * Fails if {@code source} holds tensors that no network asked for, except {@code expected} ones;
   * or if some of its 8-bit weights have scales, and others have none.
   */
  void requireAll(TensorSource source, Set<String> expected) {
    Set<String> left = new TreeSet<>(source.names());
    left.removeAll(requested);
    left.removeAll(expected);
    if (!left.isEmpty()) {
      throw new InvalidInputException(source.describe() + " has tensors that belong to no"
          + " module of its config (" + left.size() + ", e.g. "
          + Quoted.of(source.storedName(left.iterator().next()))
          + "); the file and the config are of different models: use both files of one model");
    }
    requireScales(source);
  }

  // Files of F8 weights have a scale for each of them, or no scales at all.
  private void requireScales(TensorSource source) {
    Optional<String> scaled =
        requested.stream().sorted().filter(source::isScaled).findFirst();
    if (scaled.isPresent()) {
      for (String name : new TreeSet<>(requested)) {
        DType type = source.dtype(name);
        if (type.isFloating() && type.bits() == Byte.SIZE && source.shape(name).length > 1) {
          throw new InvalidInputException(source.describe() + ": "
              + Quoted.of(source.storedName(name)) + " has type " + type
              + " without a scale, but " + Quoted.of(source.storedName(scaled.get()))
              + " has one; the file is incomplete: download it again");
        }
      }
    }
  }

  /** Returns the names of all tensors that were asked for. */
  Stream<String> names() {
    return requested.stream();
  }

  /**
   * Parameters for building a network without weights: each tensor is checked, and every layer gets
   * {@code placeholder}.
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
