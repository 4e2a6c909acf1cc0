package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Whether the tensors of a safetensors header fill its data exactly: in order, no hole, no overlap,
 * no rest.
 */
final class HeaderLayout {
  /** libtorch's own loops go no deeper. */
  private static final int MOST_DIMENSIONS = 64;

  private HeaderLayout() {}

  /**
   * Checks every tensor by itself and against its neighbours; {@code length} bytes follow the
   * header.
   */
  static void check(String source, Map<String, TensorEntry> tensors, long length) {
    tensors.forEach((name, entry) -> checkSize(source, name, entry));
    List<Map.Entry<String, TensorEntry>> byOffset = tensors.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(
            Comparator.comparingLong(TensorEntry::begin).thenComparingLong(TensorEntry::end)))
        .toList();
    long at = 0;
    for (Map.Entry<String, TensorEntry> next : byOffset) {
      if (next.getValue().begin() != at) {
        throw broken(
            source,
            next.getKey(),
            next.getValue(),
            "must begin at byte " + at + ", where the tensor before it ends");
      }
      at = next.getValue().end();
    }
    if (at != length) {
      throw new InvalidInputException(
          source + ": the tensors take " + at + " bytes, the file has " + length
              + " after the header; it is cut short or carries something else: download it again");
    }
  }

  private static void checkSize(String source, String name, TensorEntry entry) {
    if (entry.shape().size() > MOST_DIMENSIONS) {
      throw broken(source, name, entry, "must have at most " + MOST_DIMENSIONS + " dimensions");
    }
    long bits;
    try {
      bits = bits(entry);
    } catch (ArithmeticException e) {
      throw broken(source, name, entry, "has a shape that no machine can hold");
    }
    if (bits % Byte.SIZE != 0) {
      throw broken(source, name, entry, "must take whole bytes, not " + bits + " bits");
    }
    if (entry.end() < entry.begin() || entry.bytes() != bits / Byte.SIZE) {
      throw broken(source, name, entry, "needs " + bits / Byte.SIZE + " bytes");
    }
  }

  // A zero among the sizes must not hide an overflow: libtorch multiplies strides without it.
  private static long bits(TensorEntry entry) {
    long strides = entry.dtype().bits();
    for (long size : entry.shape()) {
      strides = Math.multiplyExact(strides, Math.max(size, 1));
    }
    return entry.shape().contains(0L) ? 0 : strides;
  }

  private static InvalidInputException broken(
      String source, String name, TensorEntry entry, String expected) {
    String shape = entry.shape().size() > 8
        ? entry.shape().size() + " dimensions"
        : entry.shape().toString();
    return new InvalidInputException(
        source + ": tensor " + Quoted.of(name) + " (" + entry.dtype() + " "
            + shape + ", bytes " + entry.begin() + " to " + entry.end() + ") " + expected + "; "
            + SafetensorsHeader.SAVE_AGAIN);
  }
}
