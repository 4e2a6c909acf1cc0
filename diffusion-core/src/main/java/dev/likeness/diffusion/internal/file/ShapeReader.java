package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import java.util.BitSet;

/**
 * Reads sizes from a file's header.
 *
 * @param prefix prefix of every name
 * @param label name of the network in error messages
 */
public record ShapeReader(TensorNames keys, String prefix, String label) {
  public boolean has(String name) {
    return keys.has(prefix + name);
  }

  public boolean hasModule(String name) {
    return keys.hasModule(prefix + name);
  }

  /** Returns the number of modules in the list {@code name}, given with its dot. */
  public int count(String name) {
    return Numbered.count(keys, prefix + name);
  }

  public int size(String name, int dimension) {
    if (!has(name) || keys.shape(prefix + name).length <= dimension) {
      throw new InvalidInputException(
          keys.describe() + ": the " + label + " has no usable tensor \"" + prefix + name
              + "\"; the file may be of a kind that is not supported, or incomplete: give another"
              + " file, or download it again");
    }
    return (int) keys.shape(prefix + name)[dimension];
  }

  /** Counts the modules of a list in a file: {@code blocks.0}, {@code blocks.1} and so on. */
  public static final class Numbered {
    private static final int MAX_DIGITS = 4;

    private Numbered() {}

    /** Returns the number of modules from 0 on without a gap; a later one does not count. */
    public static int count(TensorNames keys, String prefix) {
      BitSet numbers = numbers(keys, prefix);
      return numbers.nextClearBit(0);
    }

    /** Returns one more than the largest number in a list with gaps; 0 if there is none. */
    public static int countWithGaps(TensorNames keys, String prefix) {
      return numbers(keys, prefix).length();
    }

    private static BitSet numbers(TensorNames keys, String prefix) {
      BitSet numbers = new BitSet();
      for (String name : keys.names()) {
        int end = name.startsWith(prefix) ? name.indexOf('.', prefix.length()) : -1;
        int number = end < 0 ? -1 : number(name.substring(prefix.length(), end));
        if (number >= 0) {
          numbers.set(number);
        }
      }
      return numbers;
    }

    /** Parses a number of one to four digits; returns -1 for any other text. */
    public static int number(String text) {
      boolean digits = !text.isEmpty()
          && text.length() <= MAX_DIGITS
          && text.chars().allMatch(c -> c >= '0' && c <= '9');
      return digits ? Integer.parseInt(text) : -1;
    }
  }
}
