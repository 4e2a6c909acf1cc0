package dev.likeness.vault;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The lock of a store's folder. One process holds it at a time, until it closes the store or ends.
 */
final class StoreLock implements AutoCloseable {
  /**
   * Folders that this process has locked. Closing any channel to a file releases all locks of the
   * process on that file, so no lock file is opened twice.
   */
  private static final Set<Path> LOCKED_HERE = ConcurrentHashMap.newKeySet();

  private final Path folder;
  private final FileChannel channel;

  private StoreLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /**
   * Returns the folder of a store, which is created if it is missing.
   *
   * @throws InvalidInputException if the folder contains other files
   */
  static Path requireStore(Path given) throws IOException {
    if (!Files.isDirectory(given)) {
      return Files.createDirectories(given);
    }
    Path folder = given.toRealPath();
    // A new volume may contain lost+found and hidden files.
    try (Stream<Path> inside = Files.list(folder)) {
      List<String> names = inside
          .filter(Files::isReadable)
          .map(path -> path.getFileName().toString())
          .filter(name -> !name.startsWith(".") && !name.equals("lost+found"))
          .toList();
      if (!names.isEmpty() && !names.contains("lock") && !names.contains("clock.json")) {
        throw new InvalidInputException(folder + " is not a store: it contains " + names.get(0)
            + ", but no clock.json; give a store, or a new folder");
      }
    }
    return folder;
  }

  /**
   * Locks the folder.
   *
   * @throws StoreInUseException if the store is already open, in this or another process
   */
  static StoreLock acquire(Path folder) throws IOException {
    Path real = folder.toRealPath();
    Optional<FileChannel> channel = LOCKED_HERE.add(real) ? lockFile(real) : Optional.empty();
    return new StoreLock(real, channel.orElseThrow(() -> new StoreInUseException(folder)));
  }

  /** Returns a channel with the lock, or empty if another process has it. */
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
   * Deletes unfinished files in a folder that only the store writes to. With the lock held, only a
   * killed process can have left them.
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
