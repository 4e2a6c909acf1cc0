package dev.likeness.diffusion.internal.family;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The path of a transformer block in a UNet, or of an attention in a transformer, ordered as the
 * modules are registered: down, up, and the middle last; double blocks, then single ones; the
 * second attention of a block after its first.
 *
 * @param path such as {@code down_blocks.0.attentions.1.transformer_blocks.0}
 */
public record AttentionPath(String path, List<Integer> rank) implements Comparable<AttentionPath> {
  /**
   * Returns the paths of a network's attentions, in that order.
   *
   * @param names the names of its tensors
   * @param key matches the name of one tensor of each attention; its first group is the path
   */
  public static List<String> sorted(Set<String> names, Pattern key) {
    return names.stream()
        .map(key::matcher)
        .filter(Matcher::matches)
        .map(matcher -> of(matcher.group(1)))
        .sorted()
        .map(AttentionPath::path)
        .toList();
  }

  /** The path with its rank in that order. */
  public static AttentionPath of(String path) {
    int group = List.of(
            "down_blocks",
            "up_blocks",
            "mid_block",
            "transformer_blocks",
            "single_transformer_blocks")
        .indexOf(path.substring(0, path.indexOf('.')));
    List<Integer> numbers = Arrays.stream(path.split("\\."))
        .filter(part -> part.matches("\\d+"))
        .map(Integer::valueOf)
        .toList();
    int second = path.endsWith(".attn2") ? 1 : 0;
    return new AttentionPath(
        path,
        Stream.of(List.of(group), numbers, List.of(second))
            .flatMap(List::stream)
            .toList());
  }

  @Override
  public int compareTo(AttentionPath other) {
    for (int i = 0; i < Math.min(rank.size(), other.rank.size()); i++) {
      int order = Integer.compare(rank.get(i), other.rank.get(i));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(rank.size(), other.rank.size());
  }
}
