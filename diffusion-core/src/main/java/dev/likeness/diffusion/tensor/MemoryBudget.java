package dev.likeness.diffusion.tensor;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much memory drawing may take.
 *
 * @param bytes of the whole process on a CPU, its mapped pages included; of the card elsewhere
 * @param eightBits whether the network may be held in eight bits, which changes the picture a
 *     little
 * @param width of the pictures in pixels; 0 for the model's own
 * @param height of the pictures in pixels; 0 for the model's own
 * @param rows how many times the network is given a picture at once: 2 under guidance by two
 *     prompts; 0 for the family's default
 */
public record MemoryBudget(long bytes, boolean eightBits, int width, int height, int rows) {
  private static final Pattern SIZE =
      Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*([KMGT])(i?)B", Pattern.CASE_INSENSITIVE);

  public MemoryBudget {
    if (bytes < 1 || width < 0 || height < 0 || rows < 0) {
      throw new IllegalArgumentException(
          "a memory budget must be more than nothing and what it is for not negative, got " + bytes
              + " bytes for " + width + "x" + height + ", " + rows + " rows");
    }
  }

  /**
   * So much, e.g. {@code 12GiB} or {@code 800 MB}, for pictures as large as the model draws by
   * default, and guided so.
   */
  public static MemoryBudget of(String size) {
    Matcher parts = SIZE.matcher(size.strip());
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "memory \"" + size + "\" is not a size; give one such as 12GiB or 800MB");
    }
    int power = "KMGT".indexOf(parts.group(2).toUpperCase(Locale.ROOT)) + 1;
    double unit = Math.pow(parts.group(3).isEmpty() ? 1000 : 1024, power);
    return new MemoryBudget((long) (Double.parseDouble(parts.group(1)) * unit), false, 0, 0, 0);
  }

  /** For pictures of this size; 0 for the model's own. */
  public MemoryBudget size(int pixelsAcross, int pixelsDown) {
    return new MemoryBudget(bytes, eightBits, pixelsAcross, pixelsDown, rows);
  }

  /** For a network that is given a picture so many times at once. */
  public MemoryBudget rows(int count) {
    return new MemoryBudget(bytes, eightBits, width, height, count);
  }

  /** With a network in eight bits allowed. */
  public MemoryBudget inEightBits() {
    return new MemoryBudget(bytes, true, width, height, rows);
  }
}
