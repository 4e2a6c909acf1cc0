package dev.likeness.headshots.trust;

import dev.likeness.diffusion.error.MachineLimit;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;

/** The right to a store's folder, which one process has at a time: from opening to closing, or to its own end. */
final class StoreLock implements AutoCloseable {
  private final FileChannel channel;

  private StoreLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the folder.
   *
   * @throws MachineLimit when somebody has it
   */
  static StoreLock on(Path folder) throws IOException {
    FileChannel channel = FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (!take(channel)) {
      channel.close();
      throw new MachineLimit("the store " + folder + " is open already, here or in another process; close it there");
    }
    return new StoreLock(channel);
  }

  private static boolean take(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException hereAlready) {
      return false;
    }
  }

  /** Deletes what is half-written in a place where a store alone writes: whoever has the lock knows that only a killed process can have left it. */
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
  }
}
