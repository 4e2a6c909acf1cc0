package dev.likeness.diffusion.tensor;

import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much memory generating may take.
 *
 * @param bytes of the whole process on a CPU, its mapped pages included; of the card elsewhere
 * @param allow8Bit whether the network is held in eight bits, which changes images a little
 * @param width of the images in pixels; 0 for the model's own
 * @param height of the images in pixels; 0 for the model's own
 * @param batchSize how many times the network is given an image at once: 2 under guidance by two
 *     prompts; 0 for the family's default
 */
public record MemoryBudget(long bytes, EightBits allow8Bit, int width, int height, int batchSize) {
  /** The network in eight bits: half of its memory in bf16. */
  public enum EightBits {
    /** Never. */
    NEVER,
    /** If the budget demands it. */
    IF_NEEDED,
    /** In any case: weights are widened where they are multiplied. */
    WEIGHTS,
    /**
     * In any case, and linear layers multiply in eight bits: less time than in f32 on a CPU that
     * has VNNI, which it needs. Convolutions stay as they are.
     */
    PRODUCTS;

    private boolean always() {
      return this == WEIGHTS || this == PRODUCTS;
    }
  }

  private static final long UNLIMITED = Long.MAX_VALUE;

  private static final Pattern SIZE =
      Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*([KMGT])(i?)B", Pattern.CASE_INSENSITIVE);

  public MemoryBudget {
    Objects.requireNonNull(allow8Bit, "eightBits");
    if (bytes < 1 || width < 0 || height < 0 || batchSize < 0) {
      throw new IllegalArgumentException(
          "a memory budget must be more than nothing and what it is for not negative, got " + bytes
              + " bytes for " + width + "x" + height + ", " + batchSize + " rows");
    }
    if (bytes != UNLIMITED && allow8Bit.always()) {
      throw new IllegalArgumentException("eight bits in any case (" + allow8Bit
          + ") go without a limit of memory; leave out the limit, or allow IF_NEEDED");
    }
  }

  /**
   * A budget such as {@code 12GiB} or {@code 800 MB}, for images of the model's default size and
   * guidance.
   */
  public static MemoryBudget of(String size) {
    Matcher parts = SIZE.matcher(size.strip());
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "memory \"" + size + "\" is not a size; give one such as 12GiB or 800MB");
    }
    int power = "KMGT".indexOf(parts.group(2).toUpperCase(Locale.ROOT)) + 1;
    double unit = Math.pow(parts.group(3).isEmpty() ? 1000 : 1024, power);
    return new MemoryBudget(
        (long) (Double.parseDouble(parts.group(1)) * unit), EightBits.NEVER, 0, 0, 0);
  }

  /** No limit. */
  public static MemoryBudget unlimited() {
    return new MemoryBudget(UNLIMITED, EightBits.NEVER, 0, 0, 0);
  }

  /** Whether there is a limit. */
  public boolean isLimited() {
    return bytes != UNLIMITED;
  }

  /** For images of this size; 0 for the model's own. */
  public MemoryBudget size(int pixelsAcross, int pixelsDown) {
    return new MemoryBudget(bytes, allow8Bit, pixelsAcross, pixelsDown, batchSize);
  }

  /** For a network that is given an image so many times at once. */
  public MemoryBudget batchSize(int count) {
    return new MemoryBudget(bytes, allow8Bit, width, height, count);
  }

  /** With the network in eight bits or not. */
  public MemoryBudget allow8Bit(EightBits choice) {
    return new MemoryBudget(bytes, choice, width, height, batchSize);
  }
}
