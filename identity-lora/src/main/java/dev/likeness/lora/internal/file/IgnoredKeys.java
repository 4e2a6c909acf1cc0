package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoraLayers.Kind;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Keys that belong to no layer of a base and may be ignored, because they change no generated
 * image. Merging programs write tensors for every weight, including tables that were not trained.
 * diffusers ignores the same keys ({@code loaders/lora_conversion_utils.py}).
 */
final class IgnoredKeys {
  private static final Set<LoraRole> HANDLED =
      EnumSet.of(LoraRole.UP, LoraRole.DOWN, LoraRole.ALPHA, LoraRole.DIFF, LoraRole.DIFF_B);

  private final TensorSource file;
  private final LayerTable table;

  private IgnoredKeys(TensorSource file, LayerTable table) {
    this.file = file;
    this.table = table;
  }

  /** Returns the unmatched keys of a file that may be ignored. */
  static Set<String> of(Collection<String> unmatched, TensorSource file, LayerTable table) {
    IgnoredKeys idle = new IgnoredKeys(file, table);
    Map<String, Map<LoraRole, String>> layers = new LinkedHashMap<>();
    unmatched.forEach(key -> KeyEnding.split(key)
        .ifPresent(cut -> layers
            .computeIfAbsent(cut.stem(), stem -> new EnumMap<>(LoraRole.class))
            .put(cut.role(), key)));
    Set<String> found = new LinkedHashSet<>();
    layers.values().stream()
        .filter(keys -> idle.hasNoLayer(keys.values().iterator().next()) || idle.isZeroDelta(keys))
        .forEach(keys -> found.addAll(keys.values()));
    return found;
  }

  private boolean hasNoLayer(String key) {
    return LoraKey.parse(key)
        .filter(read -> isProjection(read) || isOfMissingT5(read))
        .isPresent();
  }

  /**
   * Returns true for a key of T5 if the base has no T5. Such a base uses zeros for T5's output; its
   * second text encoder is CLIP's.
   */
  private boolean isOfMissingT5(LoraKey read) {
    return read.component() == ModelComponent.TEXT_ENCODER_3
        && !table.has(ModelComponent.TEXT_ENCODER_3)
        && table.has(ModelComponent.TRANSFORMER)
        && LoraFamilyDetector.kind(table.kind()).filter(Kind::hasTwoClips).isPresent();
  }

  /**
   * Returns true for a key of a text projection that the text encoder does not have. Such an
   * encoder returns the pooled text unprojected.
   */
  private boolean isProjection(LoraKey read) {
    return read.path().equals("text_projection")
        && read.component() != null
        && read.component() != ModelComponent.UNET
        && table.has(read.component());
  }

  /**
   * Returns true if the delta of a layer is zero: in a pair of factors one zero factor is enough.
   */
  private boolean isZeroDelta(Map<LoraRole, String> keys) {
    boolean pair = keys.containsKey(LoraRole.UP) || keys.containsKey(LoraRole.DOWN);
    boolean difference = keys.containsKey(LoraRole.DIFF) || keys.containsKey(LoraRole.DIFF_B);
    return (pair || difference)
        && HANDLED.containsAll(keys.keySet())
        && (!pair
            || Stream.of(LoraRole.UP, LoraRole.DOWN)
                .anyMatch(role -> keys.containsKey(role) && isZero(keys.get(role))))
        && Stream.of(LoraRole.DIFF, LoraRole.DIFF_B)
            .allMatch(role -> !keys.containsKey(role) || isZero(keys.get(role)));
  }

  private boolean isZero(String key) {
    try (TensorScope scope = TensorScope.open()) {
      // libtorch counts no values of float8.
      return file.read(key).to(ScalarType.Float).count_nonzero().item_long() == 0;
    }
  }
}
