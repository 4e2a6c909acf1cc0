package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/** The keys of a file that speak of one layer. */
public final class LayerKeys {
  private static final long[] NONE = {};

  private final TargetLayer layer;
  private final TensorSource source;
  private final Map<LoraKey, String> keys = new EnumMap<>(LoraKey.class);
  private final Map<LoraKey, String> own = new EnumMap<>(LoraKey.class);

  LayerKeys(TargetLayer layer, TensorSource source) {
    this.layer = layer;
    this.source = source;
  }

  /** The same keys of another layer. */
  LayerKeys of(TargetLayer other) {
    LayerKeys same = new LayerKeys(other, source);
    same.keys.putAll(keys);
    same.own.putAll(own);
    return same;
  }

  public TargetLayer layer() {
    return layer;
  }

  /**
   * Adds a key, where none is in that role.
   *
   * @param file what the file itself calls it
   * @return whether it was added
   */
  boolean put(LoraKey role, String key, String file) {
    if (keys.putIfAbsent(role, key) != null) {
      return false;
    }
    own.put(role, file);
    return true;
  }

  /** What the file itself calls the tensor in that role. */
  String own(LoraKey role) {
    return own.get(role);
  }

  /**
   * The layer's names: in diffusers, and in the file with and without what programs put before it.
   */
  Set<String> names() {
    Set<String> names = new LinkedHashSet<>(List.of(layer.path()));
    own.values().stream().flatMap(key -> LoraKey.cut(key).stream()).forEach(cut -> {
      names.add(LoraKeyConversion.stem(cut.stem()));
      names.add(cut.stem());
    });
    return names;
  }

  public boolean has(LoraKey... roles) {
    return Stream.of(roles).allMatch(keys::containsKey);
  }

  public boolean hasAny(LoraKey... roles) {
    return Stream.of(roles).anyMatch(keys::containsKey);
  }

  public Map<LoraKey, String> keys() {
    return keys;
  }

  /** The shape of the tensor in that role; empty when there is none. */
  public long[] shape(LoraKey role) {
    return has(role) ? source.shape(keys.get(role)) : NONE;
  }

  /** The size of one dimension of it; 0 when there is none. */
  public long size(LoraKey role, int dimension) {
    long[] shape = shape(role);
    return dimension < shape.length ? shape[dimension] : 0;
  }

  public long elements(LoraKey role) {
    return has(role) ? Arrays.stream(shape(role)).reduce(1, (a, b) -> a * b) : 0;
  }

  /** The tensor in that role, as stored, or null. */
  Tensor read(LoraKey role) {
    return has(role) ? source.read(keys.get(role)) : null;
  }

  /**
   * The factor with as many dimensions as its layer's weight: linear and 1x1 convolutional ones say
   * the same.
   */
  Tensor readLikeLayer(LoraKey role) {
    Tensor factor = read(role);
    if (factor == null || layer.isConvolution() == (factor.dim() == 4)) {
      return factor;
    }
    return layer.isConvolution()
        ? factor.view(factor.size(0), factor.size(1), 1, 1)
        : factor.view(factor.size(0), factor.size(1));
  }

  /** Whether the number in that role is another than 0. */
  public boolean isSet(LoraKey role) {
    try (TensorScope scope = TensorScope.open()) {
      return read(role).item_double() != 0;
    }
  }

  /** What the file's own alpha says, or NaN. */
  double alpha() {
    return has(LoraKey.ALPHA) ? source.read(keys.get(LoraKey.ALPHA)).item_double() : Double.NaN;
  }
}
