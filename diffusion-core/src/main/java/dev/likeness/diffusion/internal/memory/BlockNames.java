package dev.likeness.diffusion.internal.memory;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The blocks of a network that are loaded, streamed or kept in 8 bits one by one. Each network
 * declares them once.
 *
 * @param lists the lists of blocks, such as {@code transformer_blocks}; a block is named by its
 *     list and its number
 */
public record BlockNames(List<String> lists) {
  /** For networks whose blocks are no chain, such as UNets. */
  public static final BlockNames NONE = of();

  public BlockNames {
    lists = List.copyOf(lists);
  }

  /** Returns the blocks of the given lists. */
  public static BlockNames of(String... lists) {
    return new BlockNames(List.of(lists));
  }

  /** Returns the blocks of both networks. */
  public BlockNames and(BlockNames more) {
    return new BlockNames(Stream.concat(lists.stream(), more.lists.stream()).toList());
  }

  /** Returns the block of a tensor, such as {@code transformer_blocks.3}. */
  public Optional<String> blockOf(String tensor) {
    return lists.stream()
        .filter(list -> tensor.startsWith(list + "."))
        .map(list -> {
          int end = tensor.indexOf('.', list.length() + 1);
          return end < 0 ? tensor : tensor.substring(0, end);
        })
        .findFirst();
  }

  /** Returns true if a tensor is in a block. */
  public boolean contains(String tensor) {
    return blockOf(tensor).isPresent();
  }
}
