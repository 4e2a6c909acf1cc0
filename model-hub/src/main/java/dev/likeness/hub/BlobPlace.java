package dev.likeness.hub;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.io.CurrentWork;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** A folder to which blobs are downloaded, each by one thread of one process at a time. */
abstract class BlobPlace {
  private static final long TICK = 50;
  /** A lock of a file belongs to the whole process, so its threads need one of their own. */
  private static final Map<Path, Semaphore> LOCKS = new ConcurrentHashMap<>();

  private final Path root;
  private final String name;
  private final String variable;

  /**
   * Creates a place.
   *
   * @param root the folder whose disk has the blobs
   * @param name what it is, for messages, as {@code the cache}
   * @param variable the environment variable that moves the folder, for messages
   */
  BlobPlace(Path root, String name, String variable) {
    this.root = root;
    this.name = name;
    this.variable = variable;
  }

  /** Returns the file of a blob. */
  abstract Path blob(String etag);

  /** Returns the file of an unfinished download. */
  abstract Path unfinished(String etag);

  /** Returns the file that is locked during a download. */
  abstract Path lock(String etag);

  /**
   * Links a blob to its content in another folder, if there is one that has it.
   *
   * @return true if the blob is there now
   */
  boolean linkFromStore(HubFile file, Runnable check) {
    return false;
  }

  /**
   * Runs work while no other thread and no other process of this library downloads the same blob.
   */
  void locked(String etag, Runnable work) {
    Path file = lock(etag);
    Semaphore threads = LOCKS.computeIfAbsent(file, path -> new Semaphore(1));
    acquire(threads);
    try {
      Files.createDirectories(file.getParent());
      try (FileChannel channel =
              FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = acquire(channel)) {
        work.run();
      }
    } catch (IOException e) {
      throw unusable(file, e);
    } finally {
      threads.release();
    }
  }

  private static void acquire(Semaphore threads) {
    while (true) {
      CurrentWork.throwIfCancelled();
      try {
        if (threads.tryAcquire(TICK, TimeUnit.MILLISECONDS)) {
          return;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static FileLock acquire(FileChannel channel) throws IOException {
    while (true) {
      CurrentWork.throwIfCancelled();
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return lock;
      }
      try {
        Thread.sleep(TICK);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Refuses a download that does not fit the disk. */
  void requireSpace(long bytes) {
    Path there = root;
    while (!Files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    long free;
    try {
      free = Files.getFileStore(there).getUsableSpace();
    } catch (IOException e) {
      throw unusable(there, e);
    }
    if (bytes > free) {
      throw new ResourceLimitException("the files need " + ByteCount.of(bytes) + " in " + root
          + ", but its disk has " + ByteCount.of(free) + " free; make room, or set " + variable
          + " to a folder on another disk");
    }
  }

  /** Returns the exception of a file that cannot be read or written. */
  ResourceLimitException unusable(Path file, IOException e) {
    return unusable(name, file, variable, e);
  }

  /** Returns the exception of a file in the folder that {@code variable} moves. */
  static ResourceLimitException unusable(String name, Path file, String variable, IOException e) {
    return new ResourceLimitException(
        "cannot use " + name + " at " + file + ": " + Quoted.reason(e)
            + "; make room on the disk, check its permissions, or set " + variable
            + " to another folder",
        e);
  }
}
