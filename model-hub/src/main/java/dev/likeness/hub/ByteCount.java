package dev.likeness.hub;

import java.util.Locale;

/** Numbers of bytes for people. */
final class ByteCount {
  private static final long UNIT = 1000;

  private ByteCount() {}

  /** Returns a number in the units in which hubs and disks are sold: kB, MB, GB, TB. */
  static String of(long bytes) {
    if (bytes < UNIT) {
      return bytes + " bytes";
    }
    double value = bytes;
    int unit = -1;
    while (value >= UNIT - 0.5 && unit < 3) {
      value /= UNIT;
      unit++;
    }
    return String.format(
        Locale.ROOT, value < 10 ? "%.1f %cB" : "%.0f %cB", value, "kMGT".charAt(unit));
  }
}
