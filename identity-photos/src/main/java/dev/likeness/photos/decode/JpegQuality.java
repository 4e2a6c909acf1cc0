package dev.likeness.photos.decode;

import java.util.OptionalInt;

/**
 * The quality setting, 1 to 100, that a JPEG file was saved with, from its luminance quantisation table: the setting
 * whose scaling of the example table of ITU-T T.81, K.1 has the same mean.
 */
final class JpegQuality {
  // Mean of the 64 values of table K.1.
  private static final double MEAN = 57.625;

  private JpegQuality() {}

  /** The setting; empty when no table 0 precedes the picture. */
  static OptionalInt of(byte[] file) {
    for (int at = 2; at + 4 <= file.length && (file[at] & 255) == 0xFF;) {
      int marker = file[at + 1] & 255;
      int length = (file[at + 2] & 255) << 8 | file[at + 3] & 255;
      if (marker == 0xDA || length < 2) {
        return OptionalInt.empty();
      }
      OptionalInt quality =
          marker == 0xDB ? table(file, at + 4, Math.min(file.length, at + 2 + length)) : OptionalInt.empty();
      if (quality.isPresent()) {
        return quality;
      }
      at += 2 + length;
    }
    return OptionalInt.empty();
  }

  private static OptionalInt table(byte[] file, int from, int to) {
    for (int at = from; at < to;) {
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

  // libjpeg's scale in per cent is 200 - 2 q from 50 upwards and 5000 / q below.
  private static int setting(double mean) {
    double scale = 100 * mean / MEAN;
    return (int) Math.max(1, Math.min(100, Math.round(scale <= 100 ? (200 - scale) / 2 : 5000 / scale)));
  }
}
