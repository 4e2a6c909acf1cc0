package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Detects networks that a file stores in two key formats. The format nearest to diffusers counts.
 * The other is ignored completely, because it may come from another training; diffusers does the
 * same ({@code loaders/lora_conversion_utils.py}).
 */
final class RepeatedNetworks {
  /** The names of a UNet's modules in the first Stable Diffusion code. */
  private static final Pattern LDM_KEYS =
      Pattern.compile("(input_blocks|middle_block|output_blocks|time_embed|label_emb|out)[._]\\d");

  private final Map<String, Integer> ranks = new HashMap<>();
  private final Map<String, Set<Integer>> formatsOfLayer = new HashMap<>();

  /**
   * Records a key.
   *
   * @param stem the name of its layer in the file
   * @param what the layers and the role of the key
   */
  void put(ModelComponent network, String key, String stem, Set<String> what) {
    int rank = network == ModelComponent.UNET
        ? LDM_KEYS.matcher(stem).lookingAt() ? 1 : 0
        : key.startsWith(KeyPrefix.DIFFUSERS_TRANSFORMER.text())
            ? 0
            : key.startsWith(KeyPrefix.LORA_TRANSFORMER.text()) ? 1 : 2;
    ranks.put(key, rank);
    what.forEach(
        one -> formatsOfLayer.computeIfAbsent(one, o -> new TreeSet<>()).add(rank));
  }

  /** Returns all keys that a better key format duplicates. */
  Set<String> droppedKeys() {
    Set<Integer> worse = new HashSet<>();
    formatsOfLayer.values().forEach(ranks -> ranks.stream().skip(1).forEach(worse::add));
    this.ranks.values().retainAll(worse);
    return this.ranks.keySet();
  }
}
