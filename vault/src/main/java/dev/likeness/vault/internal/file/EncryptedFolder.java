package dev.likeness.vault.internal.file;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;

/**
 * A folder with a key of its own: {@code key} holds it, wrapped by the application's; {@code files}
 * the cipher texts. Destroying removes the key first, so that what is left of the files, wherever
 * it is, can no longer be read. A folder with files and no key is one whose destruction was
 * interrupted. Safe for threads; one process at a time.
 */
public final class EncryptedFolder {
  private static final String KEY = "key";
  private static final String DESTROYED = "key.destroyed";
  private static final String FILES = "files";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path folder;
  private final String context;
  private final WrappingKey keys;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private VaultFileSystem files;
  private boolean isDestroyed;

  /**
   * The vault in {@code folder}, which need not exist yet.
   *
   * @param place what its key and contents are bound to: they are refused anywhere else
   */
  public EncryptedFolder(Path folder, String place, WrappingKey keys) {
    this.folder = folder;
    this.context = place;
    this.keys = keys;
  }

  /**
   * The root of what it holds; its key is made when this is asked for the first time.
   *
   * @throws IllegalStateException when the vault was destroyed
   */
  public Path root() {
    return files().root();
  }

  /** Whether it has a key, and so may hold files. */
  public boolean exists() {
    return Files.exists(folder.resolve(KEY));
  }

  /** How many files it holds, readable or not. */
  public int count() throws IOException {
    return encryptedFiles().size();
  }

  private synchronized VaultFileSystem files() {
    if (isDestroyed) {
      throw new IllegalStateException("what was kept here has been erased");
    }
    if (files == null) {
      files = new VaultFileSystem(this, folder.resolve(FILES), new VaultCipher(key(), context));
      files.discardUnfinished();
    }
    return files;
  }

  private byte[] key() {
    Path file = folder.resolve(KEY);
    byte[] context = this.context.getBytes(StandardCharsets.UTF_8);
    try {
      if (Files.exists(file)) {
        return keys.unwrap(Files.readAllBytes(file), context);
      }
      byte[] key = new byte[VaultCipher.KEY_BYTES];
      RANDOM.nextBytes(key);
      byte[] wrapped = keys.wrap(key, context);
      AtomicFile.write(file, out -> out.write(wrapped));
      return key;
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot read " + file + ": " + e.getMessage()
              + "; see that it is a file that this user may read",
          e);
    }
  }

  /** Held while a file is put in place; destroying waits for it and for nothing longer. */
  ReentrantReadWriteLock.ReadLock placementLock() {
    return lock.readLock();
  }

  /** Fails once the vault is destroyed. */
  synchronized void requireNotDestroyed() throws IOException {
    if (isDestroyed) {
      throw new IOException("what was kept here has been erased");
    }
  }

  /**
   * Makes everything in it unreadable for good; {@link #delete()} then tidies up. Does nothing the
   * second time.
   */
  public void destroyKey() throws IOException {
    lock.writeLock().lock();
    try {
      synchronized (this) {
        isDestroyed = true;
        files = null;
      }
      destroyKeyIn(folder);
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * Destroys the key in the folder of a vault that nobody uses. It is renamed before it is
   * overwritten: a process that dies in between leaves a vault without key, not one whose key is of
   * no use.
   */
  public static void destroyKeyIn(Path folder) throws IOException {
    Path key = folder.resolve(KEY);
    Path doomed = folder.resolve(DESTROYED);
    if (Files.exists(key)) {
      Files.move(key, doomed, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      AtomicFile.force(folder);
    }
    if (Files.exists(doomed)) {
      overwrite(doomed);
      Files.delete(doomed);
      AtomicFile.force(folder);
    }
  }

  /** Destroys the key, if that is still to be done, and deletes the files. */
  public void delete() throws IOException {
    destroyKey();
    for (Path file : encryptedFiles()) {
      Files.deleteIfExists(file);
    }
    Files.deleteIfExists(folder.resolve(FILES));
    try (Stream<Path> rest = Files.exists(folder) ? Files.list(folder) : Stream.empty()) {
      for (Path file : rest.toList()) {
        Files.deleteIfExists(file);
      }
    }
    Files.deleteIfExists(folder);
  }

  private List<Path> encryptedFiles() throws IOException {
    Path files = folder.resolve(FILES);
    if (!Files.isDirectory(files)) {
      return List.of();
    }
    try (Stream<Path> list = Files.list(files)) {
      return new ArrayList<>(list.toList());
    }
  }

  // Journals and flash memory may keep older copies of a block: hence the key is wrapped, never
  // plain.
  private static void overwrite(Path file) throws IOException {
    try (RandomAccessFile key = new RandomAccessFile(file.toFile(), "rwd")) {
      key.write(new byte[(int) key.length()]);
    }
  }
}
