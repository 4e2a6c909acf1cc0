package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many numbers a network has.
 *
 * @param rest those outside of its blocks
 * @param blocks those of all blocks
 * @param largest those of the largest block; 0 where it has none that can be brought in alone
 */
public record PartSize(long rest, long blocks, long largest) {
  private static final Pattern BLOCK = Pattern.compile(
      "(.*\\.)?(encoder\\.block|layers|(?:single_)?transformer_blocks|(?:noise|context)_refiner)\\.(\\d+)\\..*");

  /** What widening one large matrix after another takes. */
  private static final long WIDENED = 256L << 20;

  /** Of the tensors of a component; a UNet's blocks are not a chain. */
  static PartSize of(TensorNames tensors, boolean chained) {
    return of(tensors, chained, name -> true);
  }

  /** The same of those tensors that are ever asked for. */
  static PartSize of(TensorNames tensors, boolean chained, Predicate<String> used) {
    long rest = 0;
    Map<String, Long> blocks = new HashMap<>();
    for (String name : tensors.names().stream().filter(used).toList()) {
      long count = 1;
      for (long size : tensors.shape(name)) {
        count *= size;
      }
      Matcher block = BLOCK.matcher(name);
      if (chained && block.matches()) {
        blocks.merge(block.group(2) + "." + block.group(3), count, Long::sum);
      } else {
        rest += count;
      }
    }
    return new PartSize(
        rest,
        blocks.values().stream().mapToLong(Long::longValue).sum(),
        blocks.values().stream().mapToLong(Long::longValue).max().orElse(0));
  }

  /**
   * Bytes in memory at numbers of {@code width} bytes, while the part computes or while it does
   * not. Weights in one order: a picture of a size that wants another keeps them in both.
   */
  public long bytes(WeightResidence residence, int width, boolean busy) {
    return switch (residence) {
      case MAPPED, HELD, EIGHT_BIT_PRODUCTS -> (rest + blocks) * width;
      case EIGHT_BITS -> rest * width + blocks + (busy ? 2 * largest * width + 4 * largest : 0);
      case EIGHT_BITS_EACH -> rest + blocks + (busy ? WIDENED : 0);
      case STREAMED -> rest * width + (busy ? 2 * largest * width : 0);
    };
  }
}
