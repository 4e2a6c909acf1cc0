package dev.likeness.vault;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The right to a store's folder, which one process has at a time: from opening to closing, or to
 * its own end.
 */
final class StoreLock implements AutoCloseable {
  /**
   * Folders that this process has. Closing any channel to a file lets go of all locks of the
   * process on it, so none is opened twice.
   */
  private static final Set<Path> LOCKED_HERE = ConcurrentHashMap.newKeySet();

  private final Path folder;
  private final FileChannel channel;

  private StoreLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /**
   * Takes the folder.
   *
   * @throws StoreInUseException when another process has it open
   */
  static StoreLock acquire(Path folder) throws IOException {
    Path real = folder.toRealPath();
    Optional<FileChannel> channel = LOCKED_HERE.add(real) ? lockFile(real) : Optional.empty();
    return new StoreLock(real, channel.orElseThrow(() -> new StoreInUseException(folder)));
  }

  /** A locked channel, unless another process has the folder; then this one has not. */
  private static Optional<FileChannel> lockFile(Path folder) throws IOException {
    FileChannel channel = null;
    boolean taken = false;
    try {
      channel = FileChannel.open(
          folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      taken = channel.tryLock() != null;
      return taken ? Optional.of(channel) : Optional.empty();
    } finally {
      if (!taken) {
        LOCKED_HERE.remove(folder);
        if (channel != null) {
          channel.close();
        }
      }
    }
  }

  /**
   * Deletes what is half-written in a place where a store alone writes: whoever has the lock knows
   * that only a killed process can have left it.
   */
  static void discardUnfinished(Path place) throws IOException {
    try (Stream<Path> files = Files.isDirectory(place) ? Files.walk(place) : Stream.empty()) {
      for (Path file : files.filter(file -> file.toString().endsWith(".part")).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
    LOCKED_HERE.remove(folder);
  }
}
