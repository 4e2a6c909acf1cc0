package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoraLayers.Kind;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Keys of no layer of a base that may be left out, since they change nothing that is generated:
 * programs that merge write something of every weight, of tables that were not trained too
 * (diffusers' {@code loaders/lora_conversion_utils.py} leaves the same out).
 */
final class IgnoredKeys {
  private static final Set<LoraKey> HANDLED =
      EnumSet.of(LoraKey.UP, LoraKey.DOWN, LoraKey.ALPHA, LoraKey.DIFF, LoraKey.DIFF_B);

  private final TensorSource file;
  private final LayerTable table;

  private IgnoredKeys(TensorSource file, LayerTable table) {
    this.file = file;
    this.table = table;
  }

  /** Those of the {@code unmatched} keys of a file. */
  static Set<String> of(Collection<String> unmatched, TensorSource file, LayerTable table) {
    IgnoredKeys idle = new IgnoredKeys(file, table);
    Map<String, Map<LoraKey, String>> layers = new LinkedHashMap<>();
    unmatched.forEach(key -> LoraKey.split(key)
        .ifPresent(cut -> layers
            .computeIfAbsent(cut.stem(), stem -> new EnumMap<>(LoraKey.class))
            .put(cut.role(), key)));
    Set<String> found = new LinkedHashSet<>();
    layers.values().stream()
        .filter(keys -> idle.hasNoLayer(keys.values().iterator().next()) || idle.isZeroDelta(keys))
        .forEach(keys -> found.addAll(keys.values()));
    return found;
  }

  private boolean hasNoLayer(String key) {
    return LoraKey.FactorKey.parse(key)
        .filter(read -> isProjection(read) || isOfMissingT5(read))
        .isPresent();
  }

  /**
   * Of T5 where a base came without, which takes zeros for what it reads: its second text encoder
   * is CLIP's.
   */
  private boolean isOfMissingT5(LoraKey.FactorKey read) {
    return read.component() == ModelComponent.TEXT_ENCODER_3
        && !table.has(ModelComponent.TEXT_ENCODER_3)
        && table.has(ModelComponent.TRANSFORMER)
        && LoraFamilyDetector.kind(table.kind()).filter(Kind::hasTwoClips).isPresent();
  }

  /**
   * Of the pooled text that a tower without such a layer hands out as it is: whoever wrote the key
   * had one, and did not use it.
   */
  private boolean isProjection(LoraKey.FactorKey read) {
    return read.path().equals("text_projection")
        && read.component() != null
        && read.component() != ModelComponent.UNET
        && table.has(read.component());
  }

  /** Whether a layer's keys say no difference: of a pair one factor that is all zero is enough. */
  private boolean isZeroDelta(Map<LoraKey, String> keys) {
    boolean pair = keys.containsKey(LoraKey.UP) || keys.containsKey(LoraKey.DOWN);
    boolean difference = keys.containsKey(LoraKey.DIFF) || keys.containsKey(LoraKey.DIFF_B);
    return (pair || difference)
        && HANDLED.containsAll(keys.keySet())
        && (!pair
            || Stream.of(LoraKey.UP, LoraKey.DOWN)
                .anyMatch(role -> keys.containsKey(role) && isZero(keys.get(role))))
        && Stream.of(LoraKey.DIFF, LoraKey.DIFF_B)
            .allMatch(role -> !keys.containsKey(role) || isZero(keys.get(role)));
  }

  private boolean isZero(String key) {
    try (TensorScope scope = TensorScope.open()) {
      return file.read(key).count_nonzero().item_long() == 0;
    }
  }

  /**
   * Of a network that a file says in two key formats the one nearest to diffusers' names counts,
   * and the other is passed over as a whole, since it may be of another training (diffusers'
   * {@code loaders/lora_conversion_utils.py} does so, too).
   */
  static final class KeyFormats {
    /** A UNet's modules in the first Stable Diffusion code. */
    private static final Pattern LDM_KEYS = Pattern.compile(
        "(input_blocks|middle_block|output_blocks|time_embed|label_emb|out)[._]\\d");

    private final Map<String, Integer> ranks = new HashMap<>();
    private final Map<String, Set<Integer>> formatsOfLayer = new HashMap<>();

    /**
     * Takes note of a key.
     *
     * @param stem its layer's name in the file
     * @param what it says: layers and role
     */
    void put(ModelComponent network, String key, String stem, Set<String> what) {
      int rank = network == ModelComponent.UNET
          ? LDM_KEYS.matcher(stem).lookingAt() ? 1 : 0
          : key.startsWith("transformer.") ? 0 : key.startsWith("lora_transformer_") ? 1 : 2;
      ranks.put(key, rank);
      what.forEach(
          one -> formatsOfLayer.computeIfAbsent(one, o -> new TreeSet<>()).add(rank));
    }

    /** Every key of key formats that say something that a better one says, too. */
    Set<String> droppedKeys() {
      Set<Integer> worse = new HashSet<>();
      formatsOfLayer.values().forEach(ranks -> ranks.stream().skip(1).forEach(worse::add));
      this.ranks.values().retainAll(worse);
      return this.ranks.keySet();
    }
  }
}
