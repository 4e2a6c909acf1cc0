package dev.likeness.photos.decode;

import java.util.Comparator;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The quality setting, 1 to 100, that a JPEG file was saved with, from its luminance quantisation
 * table: the setting whose scaling of the example table of ITU-T T.81, K.1 has the nearest mean.
 */
final class JpegQuality {
  // Table K.1, row by row.
  private static final int[] EXAMPLE = {
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99
  };

  private JpegQuality() {}

  /** The setting; empty when no table 0 precedes the picture. */
  static OptionalInt of(byte[] file) {
    return new JpegSegments(file)
        .segments(0xDB).stream()
            .map(tables -> table(file, tables.from(), tables.to()))
            .filter(OptionalInt::isPresent)
            .findFirst()
            .orElse(OptionalInt.empty());
  }

  private static OptionalInt table(byte[] file, int from, int to) {
    for (int at = from; at < to; ) {
      int bytes = 1 + (file[at] >> 4 & 15);
      int next = at + 1 + 64 * bytes;
      if (bytes > 2 || next > to) {
        return OptionalInt.empty();
      }
      if ((file[at] & 15) == 0) {
        return OptionalInt.of(setting(mean(file, at + 1, bytes)));
      }
      at = next;
    }
    return OptionalInt.empty();
  }

  private static double mean(byte[] file, int at, int bytes) {
    double sum = 0;
    for (int i = 0; i < 64 * bytes; i += bytes) {
      sum += bytes == 1 ? file[at + i] & 255 : (file[at + i] & 255) << 8 | file[at + i + 1] & 255;
    }
    return sum / 64;
  }

  private static int setting(double mean) {
    return IntStream.rangeClosed(1, 100)
        .boxed()
        .min(Comparator.comparingDouble(q -> Math.abs(meanAt(q) - mean)))
        .orElseThrow();
  }

  // libjpeg's scale in per cent is 200 - 2 q from 50 upwards and 5000 / q below; values are whole,
  // 1 to 255.
  private static double meanAt(int quality) {
    int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    return IntStream.of(EXAMPLE)
        .map(value -> Math.max(1, Math.min(255, (value * scale + 50) / 100)))
        .average()
        .orElseThrow();
  }
}
