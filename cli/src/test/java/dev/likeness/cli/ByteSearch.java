package dev.likeness.cli;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Looks for many short pieces at once, in one pass over a file whose time does not grow with their
 * number.
 */
final class ByteSearch {
  /** Bytes of a file that are read at once. */
  static final int CHUNK = 1 << 20;

  private static final VarHandle LONG_VIEW =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int BITS = 16;

  private final Map<Long, List<byte[]>> wanted = new HashMap<>();
  private final boolean[] mayBegin = new boolean[1 << BITS];
  private int longest;

  /** Adds a piece of at least 8 bytes. */
  void add(byte[] piece) {
    long begin = (long) LONG_VIEW.get(piece, 0);
    wanted.computeIfAbsent(begin, any -> new ArrayList<>()).add(piece);
    mayBegin[place(begin)] = true;
    longest = Math.max(longest, piece.length);
  }

  /** Fibonacci hashing (Knuth, volume 3, 6.4). */
  private static int place(long begin) {
    return (int) (begin * 0x9E3779B97F4A7C15L >>> 64 - BITS);
  }

  /** Whether {@code file}, of any size, holds one of the pieces. */
  boolean findsIn(Path file) throws IOException {
    byte[] window = new byte[CHUNK + longest];
    try (InputStream in = Files.newInputStream(file)) {
      int kept = 0;
      for (int read; (read = in.readNBytes(window, kept, CHUNK)) > 0; ) {
        int end = kept + read;
        if (findsIn(window, end)) {
          return true;
        }
        kept = Math.min(end, longest);
        System.arraycopy(window, end - kept, window, 0, kept);
      }
    }
    return false;
  }

  private boolean findsIn(byte[] bytes, int end) {
    for (int at = 0; at + Long.BYTES <= end; at++) {
      long eight = (long) LONG_VIEW.get(bytes, at);
      if (mayBegin[place(eight)] && begins(bytes, at, end, wanted.getOrDefault(eight, List.of()))) {
        return true;
      }
    }
    return false;
  }

  private static boolean begins(byte[] bytes, int at, int end, List<byte[]> pieces) {
    return pieces.stream()
        .anyMatch(piece -> at + piece.length <= end
            && Arrays.equals(bytes, at, at + piece.length, piece, 0, piece.length));
  }
}
