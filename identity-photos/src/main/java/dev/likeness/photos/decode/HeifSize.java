package dev.likeness.photos.decode;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

/**
 * The size that a HEIC or AVIF file announces: the largest of the image spatial extents in its
 * properties (ISO/IEC 23008-12, 6.5.3), found by walking the boxes meta, iprp, ipco and ispe.
 */
final class HeifSize {
  private final ByteBuffer file;

  private HeifSize(byte[] file) {
    this.file = ByteBuffer.wrap(file);
  }

  /** Width and height; 0, 0 when the file announces none. */
  static long[] of(byte[] file) {
    return new HeifSize(file).in(0, file.length, "meta", "iprp", "ipco", "ispe");
  }

  // Boxes are a length of four bytes, a name of four, and content; those of meta follow four bytes
  // of flags.
  private long[] in(int from, int to, String... names) {
    long[] largest = {0, 0};
    for (int at = from; at + 8 <= to; ) {
      int length = file.getInt(at);
      int end = length == 0 ? to : at + length;
      if (length != 0 && length < 8 || end > to || end < at) {
        break;
      }
      if (name(at + 4).equals(names[0])) {
        long[] size = names.length == 1
            ? extent(at + 8, end)
            : in(
                at + 8 + (names[0].equals("meta") ? 4 : 0),
                end,
                Stream.of(names).skip(1).toArray(String[]::new));
        largest = size[0] * size[1] > largest[0] * largest[1] ? size : largest;
      }
      at = end;
    }
    return largest;
  }

  private long[] extent(int at, int end) {
    return end - at < 12
        ? new long[] {0, 0}
        : new long[] {
          Integer.toUnsignedLong(file.getInt(at + 4)), Integer.toUnsignedLong(file.getInt(at + 8))
        };
  }

  private String name(int at) {
    return new String(file.array(), at, 4, StandardCharsets.ISO_8859_1);
  }
}
