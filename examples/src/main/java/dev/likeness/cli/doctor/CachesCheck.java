package dev.likeness.cli.doctor;

import ai.djl.util.Utils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;

/** Where the libraries themselves unpack natives, and whether there is room. */
final class CachesCheck {
  private static final double MIB = 1 << 20;
  private static final long ROOM = 1L << 30;

  private CachesCheck() {}

  static List<Finding> findings() {
    return List.of(javacpp(), finding(Utils.getCacheDir(), "move it with DJL_CACHE_DIR"));
  }

  private static Finding javacpp() {
    try {
      return finding(Loader.getCacheDir().toPath(), "move it with -Dorg.bytedeco.javacpp.cachedir");
    } catch (IOException e) {
      return Finding.missing("cache", "natives cannot be unpacked: " + e.getMessage());
    }
  }

  private static Finding finding(Path cache, String howToMove) {
    Path existing = cache.toAbsolutePath();
    while (existing != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    if (existing == null || !Files.isWritable(existing)) {
      return Finding.missing(
          "cache", cache + " cannot be written, natives cannot be unpacked; " + howToMove);
    }
    String size = Files.exists(cache)
        ? String.format(Locale.ROOT, "%.0f MiB", bytes(cache) / MIB)
        : "not made yet";
    long free = existing.toFile().getUsableSpace();
    String text = cache + ", " + size + String.format(Locale.ROOT, ", %.0f MiB free", free / MIB);
    return free < ROOM
        ? Finding.advice("cache", text + "; natives take about 600 MiB; " + howToMove)
        : Finding.ok("cache", text);
  }

  private static long bytes(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .mapToLong(file -> file.toFile().length())
          .sum();
    } catch (IOException | UncheckedIOException e) {
      return 0;
    }
  }
}
