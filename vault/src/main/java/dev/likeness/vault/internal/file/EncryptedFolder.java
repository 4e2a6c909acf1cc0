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
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;

/**
 * A folder encrypted with its own key. {@code key} contains the key, wrapped by the application's
 * key; {@code files} contains the cipher texts. Destroying removes the key first, so that remaining
 * copies of files cannot be read. A folder with files and no key was destroyed incompletely. After
 * {@link #close()} nothing can be read or written. Safe for threads; one process at a time.
 */
public final class EncryptedFolder {
  private static final String KEY = "key";
  private static final String DESTROYED = "key.destroyed";
  private static final String FILES = "files";
  /** Begins the key files of vaults whose contents are bound to names; version 0.1.0 had none. */
  private static final byte[] FORMAT = "likeness vault 2\n".getBytes(StandardCharsets.US_ASCII);

  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path folder;
  private final String context;
  private final String formerContext;
  private final WrappingKey keys;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private VaultFileSystem files;
  private boolean isDestroyed;
  private boolean isClosed;

  /**
   * Creates the vault in {@code folder}, which may not exist yet.
   *
   * @param place the associated data of key and files: they cannot be decrypted for another place
   */
  public EncryptedFolder(Path folder, String place, WrappingKey keys) {
    this(folder, place, place, keys);
  }

  /**
   * Creates the vault in {@code folder}, which may not exist yet.
   *
   * @param place the associated data of key and files: they cannot be decrypted for another place
   * @param formerContext the associated data of version 0.1.0
   */
  public EncryptedFolder(Path folder, String place, String formerContext, WrappingKey keys) {
    this.folder = folder;
    this.context = place + "/2";
    this.formerContext = formerContext;
    this.keys = keys;
  }

  /**
   * Returns the root folder. Creates the key at the first call, and encrypts files of version 0.1.0
   * anew.
   *
   * @throws IllegalStateException if the vault was destroyed or closed
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

  /** Encrypts files of version 0.1.0 anew, if there are any. */
  public void migrate() {
    try {
      if (exists() && !hasFormat(Files.readAllBytes(folder.resolve(KEY)))) {
        files();
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  // The lock comes before the monitor here too, because writers take them in this order.
  private VaultFileSystem files() {
    lock.readLock().lock();
    try {
      synchronized (this) {
        if (isDestroyed || isClosed) {
          throw new IllegalStateException(unusableText());
        }
        if (files == null) {
          files = open();
          files.discardUnfinished();
        }
        return files;
      }
    } catch (IOException e) {
      throw unreadable(e);
    } finally {
      lock.readLock().unlock();
    }
  }

  private VaultFileSystem open() throws IOException {
    Path file = folder.resolve(KEY);
    if (!Files.exists(file)) {
      byte[] key = new byte[VaultCipher.KEY_BYTES];
      RANDOM.nextBytes(key);
      writeKey(file, key);
      return fileSystem(new VaultCipher(key, context));
    }
    byte[] stored = Files.readAllBytes(file);
    if (hasFormat(stored)) {
      byte[] wrapped = Arrays.copyOfRange(stored, FORMAT.length, stored.length);
      return fileSystem(new VaultCipher(keys.unwrap(wrapped, bytes(context)), context));
    }
    byte[] key = keys.unwrap(stored, bytes(formerContext));
    VaultFileSystem current = fileSystem(new VaultCipher(key, context));
    current.takeAll(fileSystem(new VaultCipher(key, formerContext, false)));
    // The key file comes last: a migration that ended early is repeated.
    writeKey(file, key);
    return current;
  }

  private VaultFileSystem fileSystem(VaultCipher cipher) {
    return new VaultFileSystem(this, folder.resolve(FILES), cipher);
  }

  private void writeKey(Path file, byte[] key) {
    byte[] wrapped = keys.wrap(key, bytes(context));
    AtomicFile.write(file, out -> {
      out.write(FORMAT);
      out.write(wrapped);
    });
  }

  private static boolean hasFormat(byte[] stored) {
    return stored.length > FORMAT.length
        && Arrays.equals(stored, 0, FORMAT.length, FORMAT, 0, FORMAT.length);
  }

  private static byte[] bytes(String context) {
    return context.getBytes(StandardCharsets.UTF_8);
  }

  private ResourceLimitException unreadable(IOException e) {
    return new ResourceLimitException(
        "cannot read " + folder.resolve(KEY) + " and the files beside it: " + e.getMessage()
            + "; check that this user can read these files",
        e);
  }

  /**
   * Returns the lock that a writer holds while it moves a file into place; destroying waits for it.
   */
  ReentrantReadWriteLock.ReadLock placementLock() {
    return lock.readLock();
  }

  /** Throws if the vault is destroyed or closed. */
  synchronized void requireUsable() throws IOException {
    if (isDestroyed || isClosed) {
      throw new IOException(unusableText());
    }
  }

  private String unusableText() {
    return isDestroyed
        ? "this data has been erased"
        : "the store of this data is closed; open it again";
  }

  /** Ends all use of the folder by this object, after the files that are being put in place. */
  public void close() {
    lock.writeLock().lock();
    try {
      synchronized (this) {
        isClosed = true;
        files = null;
      }
    } finally {
      lock.writeLock().unlock();
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
