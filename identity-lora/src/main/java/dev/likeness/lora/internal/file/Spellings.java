package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Of a network that a file says in two spellings the one nearest to diffusers' names counts, and
 * the other is passed over as a whole, since it may be of another training (diffusers'
 * {@code loaders/lora_conversion_utils.py} does so, too).
 */
final class Spellings {
  /** A UNet's modules in the first Stable Diffusion code. */
  private static final Pattern OLD =
      Pattern.compile("(input_blocks|middle_block|output_blocks|time_embed|label_emb|out)[._]\\d");

  private final Map<String, Integer> keys = new HashMap<>();
  private final Map<String, Set<Integer>> said = new HashMap<>();

  /**
   * Takes note of a key.
   *
   * @param stem its layer's name in the file
   * @param what it says: layers and role
   */
  void put(ModelComponent network, String key, String stem, Set<String> what) {
    int rank = network == ModelComponent.UNET
        ? OLD.matcher(stem).lookingAt() ? 1 : 0
        : key.startsWith("transformer.") ? 0 : key.startsWith("lora_transformer_") ? 1 : 2;
    keys.put(key, rank);
    what.forEach(one -> said.computeIfAbsent(one, o -> new TreeSet<>()).add(rank));
  }

  /** Every key of spellings that say something that a better one says, too. */
  Set<String> passedOver() {
    Set<Integer> worse = new HashSet<>();
    said.values().forEach(ranks -> ranks.stream().skip(1).forEach(worse::add));
    keys.values().retainAll(worse);
    return keys.keySet();
  }
}
