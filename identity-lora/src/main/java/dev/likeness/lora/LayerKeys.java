package dev.likeness.lora;

import dev.likeness.diffusion.weights.TensorSource;
import dev.likeness.lora.change.Layer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/** The keys of a file that speak of one layer. */
final class LayerKeys {
  private static final long[] NONE = {};

  private final Layer layer;
  private final TensorSource source;
  private final Map<Role, String> keys = new EnumMap<>(Role.class);

  LayerKeys(Layer layer, TensorSource source) {
    this.layer = layer;
    this.source = source;
  }

  Layer layer() {
    return layer;
  }

  void put(Role role, String key) {
    keys.put(role, key);
  }

  boolean has(Role... roles) {
    return Stream.of(roles).allMatch(keys::containsKey);
  }

  boolean hasAny(Role... roles) {
    return Stream.of(roles).anyMatch(keys::containsKey);
  }

  Map<Role, String> keys() {
    return keys;
  }

  /** The shape of the tensor in that role; empty when there is none. */
  long[] shape(Role role) {
    return has(role) ? source.shape(keys.get(role)) : NONE;
  }

  /** The size of one dimension of it; 0 when there is none. */
  long size(Role role, int dimension) {
    long[] shape = shape(role);
    return dimension < shape.length ? shape[dimension] : 0;
  }

  long elements(Role role) {
    return has(role) ? Arrays.stream(shape(role)).reduce(1, (a, b) -> a * b) : 0;
  }

  /** The tensor in that role, as stored, or null. */
  Tensor read(Role role) {
    return has(role) ? source.read(keys.get(role)) : null;
  }

  /** The factor with as many dimensions as its layer's weight: linear and 1x1 convolutional ones say the same. */
  Tensor readLikeLayer(Role role) {
    Tensor factor = read(role);
    if (factor == null || layer.isConvolution() == (factor.dim() == 4)) {
      return factor;
    }
    return layer.isConvolution() ? factor.view(factor.size(0), factor.size(1), 1, 1)
        : factor.view(factor.size(0), factor.size(1));
  }

  /** What the file's own alpha says, or NaN. */
  double alpha() {
    return has(Role.ALPHA) ? source.read(keys.get(Role.ALPHA)).item_double() : Double.NaN;
  }
}
