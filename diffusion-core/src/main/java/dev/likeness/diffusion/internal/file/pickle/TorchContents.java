package dev.likeness.diffusion.internal.file.pickle;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.pickle.ZipEntries.ByteRange;
import dev.likeness.diffusion.tensor.DType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors and plain values of a checkpoint, by path. Checks that all tensors lie within the
 * file.
 */
final class TorchContents implements TensorNames {
  private static final int MAX_DEPTH = 32;
  private static final int MAX_VISITS = 1_000_000;
  private static final int MAX_PATH = 1024;

  private final String source;
  private final Map<String, ByteRange> storages;
  private final Map<String, TensorRef> tensors = new LinkedHashMap<>();
  private final Map<String, Object> values = new LinkedHashMap<>();
  private int visits;

  private TorchContents(TorchArchive checkpoint, String source) {
    this.source = source;
    this.storages = checkpoint.storages();
  }

  static TorchContents of(TorchArchive checkpoint, String source) {
    TorchContents contents = new TorchContents(checkpoint, source);
    boolean wrapped =
        checkpoint.root() instanceof Map<?, ?> root && root.get("state_dict") instanceof Map;
    contents.visit(
        "", wrapped ? ((Map<?, ?>) checkpoint.root()).get("state_dict") : checkpoint.root(), 0);
    return contents;
  }

  private void visit(String path, Object value, int depth) {
    if (++visits > MAX_VISITS || depth > MAX_DEPTH || path.length() > MAX_PATH) {
      throw new InvalidInputException(
          source + " has too many or too deeply nested lists and dictionaries, so it is damaged"
              + " or not a checkpoint; download it again, or give another file");
    }
    if (value instanceof Map<?, ?> map) {
      map.forEach((key, inner) ->
          visit(path.isEmpty() ? key.toString() : path + "." + key, inner, depth + 1));
    } else if (value instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        visit(path.isEmpty() ? Integer.toString(i) : path + "." + i, list.get(i), depth + 1);
      }
    } else if (value instanceof TensorRef tensor) {
      add(path.isEmpty() ? "tensor" : path, tensor);
    } else if (value instanceof String || value instanceof Number || value instanceof Boolean) {
      values.put(path, value);
    }
  }

  private void add(String name, TensorRef tensor) {
    TensorRef.Storage storage = tensor.storage();
    ByteRange stretch = storages.get(storage.key());
    boolean whole = stretch == null ? storage.elements() == 0 : stretch.length() == storage.bytes();
    if (!whole) {
      throw new InvalidInputException(source + ": tensor " + Quoted.of(name) + " needs storage "
          + Quoted.of(storage.key()) + " of " + storage.bytes() + " bytes, but the file "
          + (stretch == null ? "does not contain it" : "has " + stretch.length() + " bytes for it")
          + "; the file is damaged: download it again");
    }
    if (tensors.put(name, tensor) != null) {
      throw new InvalidInputException(source + ": two tensors are called " + Quoted.of(name)
          + ", so the file is damaged or not a checkpoint; download it again, or give another"
          + " file");
    }
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  @Override
  public long[] shape(String name) {
    return tensors.get(name).shape();
  }

  @Override
  public DType dtype(String name) {
    return tensors.get(name).storage().dtype();
  }

  @Override
  public String describe() {
    return source;
  }

  Map<String, TensorRef> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  Map<String, Object> values() {
    return Collections.unmodifiableMap(values);
  }

  /** Returns the file offset of a storage with at least one element. */
  long start(TensorRef.Storage storage) {
    return storages.get(storage.key()).start();
  }
}
