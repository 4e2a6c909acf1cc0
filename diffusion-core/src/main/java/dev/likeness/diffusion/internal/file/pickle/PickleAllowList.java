package dev.likeness.diffusion.internal.file.pickle;

import dev.likeness.diffusion.tensor.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The allowed names in a pickled checkpoint and their meanings. All other names are refused; no
 * class is ever looked up.
 *
 * <p>Source: {@code _weights_only_unpickler.py} of PyTorch 2.10, without sparse, quantised and
 * subclassed tensors; also the names in old checkpoints of Lightning and old textual inversions.
 */
final class PickleAllowList {
  /** The meaning of an allowed name: an element type or a callable. */
  sealed interface Allowed permits StorageType, Callable {}

  /** A storage class such as {@code torch.FloatStorage}. */
  record StorageType(DType dtype) implements Allowed {}

  /**
   * The callables for {@code REDUCE} and {@code NEWOBJ}. {@code FOREIGN} stands for an ignored
   * class or function, such as that of a training state beside the weights, and for its values.
   * Calling it returns itself and stores nothing.
   */
  enum Callable implements Allowed {
    ORDERED_DICT,
    REBUILD_TENSOR,
    REBUILD_PARAMETER,
    FOREIGN
  }

  private static final Map<String, Allowed> KNOWN = Map.ofEntries(
      Map.entry("collections.OrderedDict", Callable.ORDERED_DICT),
      Map.entry("torch.nn.modules.container.ParameterDict", Callable.ORDERED_DICT),
      Map.entry("torch._utils._rebuild_tensor_v2", Callable.REBUILD_TENSOR),
      Map.entry("torch._utils._rebuild_parameter", Callable.REBUILD_PARAMETER),
      Map.entry("pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint", Callable.FOREIGN),
      Map.entry("numpy.core.multiarray.scalar", Callable.FOREIGN),
      Map.entry("numpy.core.multiarray._reconstruct", Callable.FOREIGN),
      Map.entry("numpy.dtype", Callable.FOREIGN),
      Map.entry("numpy.ndarray", Callable.FOREIGN),
      Map.entry("_codecs.encode", Callable.FOREIGN),
      Map.entry("__builtin__.set", Callable.FOREIGN),
      Map.entry("torch.DoubleStorage", new StorageType(DType.F64)),
      Map.entry("torch.FloatStorage", new StorageType(DType.F32)),
      Map.entry("torch.HalfStorage", new StorageType(DType.F16)),
      Map.entry("torch.BFloat16Storage", new StorageType(DType.BF16)),
      Map.entry("torch.ComplexFloatStorage", new StorageType(DType.C64)),
      Map.entry("torch.LongStorage", new StorageType(DType.I64)),
      Map.entry("torch.IntStorage", new StorageType(DType.I32)),
      Map.entry("torch.ShortStorage", new StorageType(DType.I16)),
      Map.entry("torch.CharStorage", new StorageType(DType.I8)),
      Map.entry("torch.ByteStorage", new StorageType(DType.U8)),
      Map.entry("torch.BoolStorage", new StorageType(DType.BOOL)));

  private PickleAllowList() {}

  /** Returns the meaning of {@code module.name}; null if it is not allowed. */
  static Allowed find(String module, String name) {
    return KNOWN.get(module + "." + name);
  }

  /** Returns the result of a call; null if the arguments are not as PyTorch writes them. */
  static Object call(Callable callable, List<?> arguments) {
    return switch (callable) {
      case ORDERED_DICT -> arguments.isEmpty() ? new LinkedHashMap<>() : null;
      case REBUILD_TENSOR -> tensor(arguments);
      case FOREIGN -> Callable.FOREIGN;
      case REBUILD_PARAMETER ->
        !arguments.isEmpty() && arguments.get(0) instanceof TensorRef data ? data : null;
    };
  }

  /**
   * Returns true if a value may be a key: a text, a number or a foreign class. These cannot contain
   * themselves.
   */
  static boolean isKey(Object value) {
    return value instanceof String || value instanceof Long || value == Callable.FOREIGN;
  }

  // (storage, offset, sizes, strides, requires_grad, backward_hooks[, metadata])
  private static TensorRef tensor(List<?> arguments) {
    if (arguments.size() < 4
        || !(arguments.get(0) instanceof TensorRef.Storage storage)
        || !(arguments.get(1) instanceof Long offset)) {
      return null;
    }
    List<Long> sizes = numbers(arguments.get(2));
    List<Long> strides = numbers(arguments.get(3));
    return sizes == null || strides == null ? null : new TensorRef(storage, offset, sizes, strides);
  }

  private static List<Long> numbers(Object value) {
    if (!(value instanceof List<?> list) || list.size() > TensorRef.MAX_DIMENSIONS) {
      return null;
    }
    return list.stream().allMatch(Long.class::isInstance)
        ? list.stream().map(Long.class::cast).toList()
        : null;
  }
}
