package dev.likeness.diffusion.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Gives arbitrary bytes to a reader as a file: they are read, or refused in one line, with little
 * memory.
 */
public final class FuzzedFile {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  /** Classes, charsets and messages take some memory whatever the file. */
  private static final long FLOOR = 8L << 20;

  private static final long PER_BYTE = 2048;

  /** What reads a file. */
  public interface Reader {
    void read(Path file) throws IOException;
  }

  private FuzzedFile() {}

  /** Reads {@code bytes} once. */
  public static void read(byte[] bytes, Reader reader) throws IOException {
    Path file = Files.createTempFile("fuzzed", ".bin");
    try {
      Files.write(file, bytes);
      long most = FLOOR + PER_BYTE * bytes.length;
      // The first time classes are loaded and instrumented on this thread too.
      long allocated = allocated(file, reader) <= most ? 0 : allocated(file, reader);
      assertTrue(allocated <= most, allocated + " bytes for a file of " + bytes.length);
    } finally {
      Files.delete(file);
    }
  }

  private static long allocated(Path file, Reader reader) throws IOException {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    try {
      reader.read(file);
    } catch (InvalidInputException e) {
      assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    }
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }
}
