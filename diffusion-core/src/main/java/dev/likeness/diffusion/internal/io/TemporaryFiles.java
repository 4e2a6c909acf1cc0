package dev.likeness.diffusion.internal.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;

/**
 * The temporary files and folders that this process has begun. A process that ends at once deletes
 * them, although the threads that write them still run.
 */
public final class TemporaryFiles {
  /** Creates a file or folder. */
  @FunctionalInterface
  public interface Creation<T> {
    T create() throws IOException;
  }

  /** Shared by threads that create a file, and held by the one that ends the process. */
  private static final ReadWriteLock LOCK = new ReentrantReadWriteLock();

  private static final Set<Path> BEGUN = ConcurrentHashMap.newKeySet();

  private TemporaryFiles() {}

  /**
   * Creates a temporary file or folder. The caller deletes or keeps it.
   *
   * @return the result of {@code creation}
   */
  public static <T> T create(Path path, Creation<T> creation) throws IOException {
    LOCK.readLock().lock();
    try {
      BEGUN.add(path);
      return creation.create();
    } catch (IOException | RuntimeException e) {
      BEGUN.remove(path);
      throw e;
    } finally {
      LOCK.readLock().unlock();
    }
  }

  /** Creates a folder in the system's folder for temporary files; only its owner can open it. */
  public static Path createFolder() throws IOException {
    LOCK.readLock().lock();
    try {
      Path folder = Files.createTempDirectory("likeness");
      BEGUN.add(folder);
      return folder;
    } finally {
      LOCK.readLock().unlock();
    }
  }

  /** Keeps a file or folder that has become a result. */
  public static void keep(Path path) {
    BEGUN.remove(path);
  }

  /** Deletes a file or a folder with its content, if it was not moved away. */
  public static void delete(Path path) throws IOException {
    deleteTree(path);
    BEGUN.remove(path);
  }

  /** Deletes a file or folder now, or else when the process ends. */
  public static void discard(Path path) {
    try {
      delete(path);
    } catch (IOException e) {
      path.toFile().deleteOnExit();
    }
  }

  /**
   * Deletes all temporary files of this process, as far as possible. Threads that begin another one
   * wait for ever, so the process must end after this call.
   */
  public static void deleteForEver() {
    LOCK.writeLock().lock();
    for (Path path : BEGUN) {
      try {
        deleteTree(path);
      } catch (IOException | RuntimeException stays) {
        // The other files are deleted nevertheless.
      }
    }
  }

  private static void deleteTree(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      Files.deleteIfExists(path);
      return;
    }
    try (Stream<Path> inside = Files.walk(path)) {
      for (Path each : inside.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(each);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
