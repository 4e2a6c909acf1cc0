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
 * A folder encrypted with its own key. {@code key} contains the key, wrapped by the application's
 * key; {@code files} contains the cipher texts. Destroying removes the key first, so that remaining
 * copies of files cannot be read. A folder with files and no key was destroyed incompletely. Safe
 * for threads; one process at a time.
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
   * Creates the vault in {@code folder}, which may not exist yet.
   *
   * @param place the associated data of key and files: they cannot be decrypted for another place
   */
  public EncryptedFolder(Path folder, String place, WrappingKey keys) {
    this.folder = folder;
    this.context = place;
    this.keys = keys;
  }

  /**
   * Returns the root folder. Creates the key at the first call.
   *
   * @throws IllegalStateException if the vault was destroyed
   */
  public Path root() {
    return files().root();
  }

  /** Returns true if the vault has a key. */
  public boolean exists() {
    return Files.exists(folder.resolve(KEY));
  }

  /** Returns the number of files, readable or not. */
  public int count() throws IOException {
    return encryptedFiles().size();
  }

  private synchronized VaultFileSystem files() {
    if (isDestroyed) {
      throw new IllegalStateException("this data has been erased");
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
          "cannot read " + file + ": " + e.getMessage() + "; check that this user can read it", e);
    }
  }

  /**
   * Returns the lock that a writer holds while it moves a file into place; destroying waits for it.
   */
  ReentrantReadWriteLock.ReadLock placementLock() {
    return lock.readLock();
  }

  /** Throws if the vault is destroyed. */
  synchronized void requireNotDestroyed() throws IOException {
    if (isDestroyed) {
      throw new IOException("this data has been erased");
    }
  }

  /**
   * Makes all files unreadable forever; {@link #delete()} then deletes them. A second call does
   * nothing.
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
   * Destroys the key of a vault that is not open. The key file is renamed before it is overwritten,
   * so a process that dies in between leaves a vault without a key, not one with a broken key.
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

  /** Destroys the key if it still exists, and deletes the files. */
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

  // Journals and flash memory may keep older copies of a block. So the key on disk is always
  // wrapped.
  private static void overwrite(Path file) throws IOException {
    try (RandomAccessFile key = new RandomAccessFile(file.toFile(), "rwd")) {
      key.write(new byte[(int) key.length()]);
    }
  }
}
