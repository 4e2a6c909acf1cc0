package dev.likeness.diffusion.tensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process has in memory, as Linux counts it: proc(5). */
public final class Resident {
  private static final Path SELF = Path.of("/proc/self");

  private Resident() {}

  /** Bytes now. */
  public static long now() {
    return bytes("VmRSS:");
  }

  /** How many bytes more {@code work} has at its most than there are before it. */
  public static long peakDuring(Runnable work) {
    try {
      // 5 sets the mark to what there is now.
      Files.writeString(SELF.resolve("clear_refs"), "5");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    long before = now();
    work.run();
    return bytes("VmHWM:") - before;
  }

  private static long bytes(String what) {
    try {
      return Files.readAllLines(SELF.resolve("status")).stream()
          .filter(line -> line.startsWith(what))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
