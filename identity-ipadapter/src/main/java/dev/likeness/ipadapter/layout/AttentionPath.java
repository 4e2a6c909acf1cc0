package dev.likeness.ipadapter.layout;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * A transformer block's path in a UNet, ordered as its modules are registered: down, up, and the middle last.
 *
 * @param path such as {@code down_blocks.0.attentions.1.transformer_blocks.0}
 */
record AttentionPath(String path, List<Integer> rank) implements Comparable<AttentionPath> {
  static AttentionPath of(String path) {
    int group = path.startsWith("down_blocks") ? 0 : path.startsWith("up_blocks") ? 1 : 2;
    List<Integer> numbers = Arrays.stream(path.split("\\.")).filter(part -> part.matches("\\d+")).map(Integer::valueOf)
        .toList();
    return new AttentionPath(path, Stream.concat(Stream.of(group), numbers.stream()).toList());
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
