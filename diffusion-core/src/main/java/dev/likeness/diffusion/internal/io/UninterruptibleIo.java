package dev.likeness.diffusion.internal.io;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Runs file work that interrupts cannot break. An interrupt closes the channel that a thread uses,
 * and a jar's file system shares one channel between all readers (JDK-8316882). Therefore a
 * separate thread does the work, which is never interrupted. The caller waits for it and keeps its
 * interrupt status.
 */
public final class UninterruptibleIo {
  /** Reads from a file. */
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
   * Returns the result of {@code reading} for {@code file}. Another thread reads only if the
   * channel may be shared, or if the caller is already interrupted.
   *
   * @param reading must not keep the file open, because later reads run on the calling thread
   */
  public static <T> T read(Path file, Reading<T> reading) throws IOException {
    boolean alone = file.getFileSystem() == FileSystems.getDefault()
        && !Thread.currentThread().isInterrupted();
    return alone ? reading.of(file) : run(() -> reading.of(file));
  }

  /**
   * Runs {@code work} on another thread. It must not need locks or scopes of the calling thread.
   */
  public static <T> T run(Work<T> work) throws IOException {
    try {
      return CompletableFuture.supplyAsync(
              () -> unchecked(work), task -> new Thread(task, "likeness-files").start())
          .join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException failed) {
        throw failed;
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
      throw new CompletionException(e);
    }
  }
}
