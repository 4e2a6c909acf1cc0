package dev.likeness.diffusion.internal.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Work on files that no interrupt breaks. A channel closes when a thread is interrupted that works
 * through it, and a jar's file system has one for all who read from it (JDK-8316882). Hence a
 * thread of its own does the work, which nobody interrupts; the caller waits for it, and stays
 * interrupted where it was.
 */
public final class UninterruptibleIo {
  /** Reads something of a file. */
  @FunctionalInterface
  public interface Reading<T> {
    T of(Path file) throws IOException;
  }

  /** Work on files. */
  @FunctionalInterface
  public interface Work<T> {
    T run() throws IOException;
  }

  private UninterruptibleIo() {}

  /**
   * What {@code reading} gives of {@code file}; another thread reads only where others may share
   * its channel, or where an interrupt has come already.
   *
   * @param reading must keep nothing open: what is read later, the calling thread reads
   */
  public static <T> T read(Path file, Reading<T> reading) throws IOException {
    boolean alone = file.getFileSystem() == FileSystems.getDefault()
        && !Thread.currentThread().isInterrupted();
    return alone ? reading.of(file) : run(() -> reading.of(file));
  }

  /**
   * Does {@code work}, which must not need what belongs to the calling thread, such as its locks
   * and scopes.
   */
  public static <T> T run(Work<T> work) throws IOException {
    try {
      return CompletableFuture.supplyAsync(
              () -> unchecked(work), task -> new Thread(task, "likeness-files").start())
          .join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof UncheckedIOException failed) {
        throw failed.getCause();
      }
      if (e.getCause() instanceof Error fatal) {
        throw fatal;
      }
      throw e.getCause() instanceof RuntimeException known ? known : e;
    }
  }

  private static <T> T unchecked(Work<T> work) {
    try {
      return work.run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
