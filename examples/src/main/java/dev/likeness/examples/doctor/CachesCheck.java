package dev.likeness.examples.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Where natives are unpacked, and whether there is room. */
final class CachesCheck {
  private static final double MIB = 1 << 20;
  private static final long ROOM = 1L << 30;

  private CachesCheck() {}

  static List<Finding> findings() {
    String home = System.getProperty("user.home");
    String javacpp = System.getProperty("org.bytedeco.javacpp.cachedir", home + "/.javacpp/cache");
    String djl = Optional.ofNullable(System.getProperty("ai.djl.cache_dir", System.getenv("DJL_CACHE_DIR")))
        .orElse(home + "/.djl.ai");
    return List.of(finding(Path.of(javacpp), "move it with -Dorg.bytedeco.javacpp.cachedir"),
        finding(Path.of(djl), "move it with DJL_CACHE_DIR"));
  }

  private static Finding finding(Path cache, String howToMove) {
    Path existing = cache.toAbsolutePath();
    while (!Files.exists(existing)) {
      existing = existing.getParent();
    }
    if (!Files.isWritable(existing)) {
      return Finding.missing("cache", existing + " cannot be written, natives cannot be unpacked; " + howToMove);
    }
    String size = Files.exists(cache) ? String.format(Locale.ROOT, "%.0f MiB", bytes(cache) / MIB) : "not made yet";
    long free = existing.toFile().getUsableSpace();
    String text = cache + ", " + size + String.format(Locale.ROOT, ", %.0f MiB free", free / MIB);
    return free < ROOM ? Finding.advice("cache", text + "; natives take about 600 MiB; " + howToMove)
        : Finding.ok("cache", text);
  }

  private static long bytes(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException e) {
      return 0;
    }
  }
}
