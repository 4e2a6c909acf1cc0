package dev.likeness.vault.internal.file;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The file system of one vault. Folders exist only as part of the encrypted names, so the disk does
 * not show them.
 */
final class VaultFileSystem extends FileSystem {
  private static final String PART_SUFFIX = ".part";
  private static final int BUFFER_BYTES = 1 << 16;

  private final EncryptedFolder vault;
  private final Path folder;
  private final VaultCipher cipher;
  private final VaultFileSystemProvider provider = new VaultFileSystemProvider(this);

  VaultFileSystem(EncryptedFolder vault, Path folder, VaultCipher cipher) {
    this.vault = vault;
    this.folder = folder;
    this.cipher = cipher;
  }

  EncryptedFolder vault() {
    return vault;
  }

  VaultCipher cipher() {
    return cipher;
  }

  Path folder() {
    return folder;
  }

  Path root() {
    return getPath("/");
  }

  /** Returns the file on disk that has the cipher text of a name, which starts at the root. */
  Path encryptedPath(String name) {
    return folder.resolve(cipher.encryptName(name));
  }

  /** Opens a file for reading. */
  SeekableByteChannel open(String name) throws IOException {
    return cipher.decrypt(Files.newByteChannel(encryptedPath(name)), name);
  }

  /**
   * Encrypts a file of {@code source} anew, for this vault and the name {@code to}, and then
   * deletes it there. A killed process leaves both or the new one; a repetition gives the same.
   */
  void take(VaultFileSystem source, String from, String to) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    try (SeekableByteChannel in = source.open(from);
        VaultWriteChannel out = new VaultWriteChannel(this, to)) {
      try {
        while (in.read(buffer.clear()) >= 0) {
          out.write(buffer.flip());
        }
      } catch (IOException e) {
        out.abandon();
        throw e;
      }
    }
    Path old = source.encryptedPath(from);
    if (!old.equals(encryptedPath(to))) {
      Files.deleteIfExists(old);
    }
  }

  /**
   * Takes all files of a vault of version 0.1.0. Files that cannot be decrypted stay as they are.
   */
  void takeAll(VaultFileSystem former) throws IOException {
    former.discardUnfinished();
    for (String name : former.names()) {
      if (former.isWhole(name)) {
        take(former, name, name);
      }
    }
  }

  private boolean isWhole(String name) throws IOException {
    // A failure of the disk is thrown here. One of the cipher text is not, below.
    Files.copy(encryptedPath(name), OutputStream.nullOutputStream());
    try (InputStream in = Channels.newInputStream(open(name))) {
      in.transferTo(OutputStream.nullOutputStream());
      return true;
    } catch (IOException altered) {
      return false;
    }
  }

  /** Returns the names of all files, starting at the root. */
  List<String> names() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .flatMap(file -> cipher.decryptName(file.getFileName().toString()).stream())
          .sorted()
          .toList();
    }
  }

  /**
   * Deletes unfinished files of a killed process. Files whose names this key cannot decrypt are
   * kept, because they may belong to another key.
   */
  void discardUnfinished() {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (cipher
            .decryptName(file.getFileName().toString())
            .filter(name -> name.endsWith(PART_SUFFIX))
            .isPresent()) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      throw new ResourceLimitException(
          "cannot delete unfinished files in " + folder + ": " + e.getMessage()
              + "; check that this user can write the folder",
          e);
    }
  }

  @Override
  public FileSystemProvider provider() {
    return provider;
  }

  @Override
  public VaultPath getPath(String first, String... more) {
    return VaultPath.of(this, String.join("/", first, String.join("/", more)));
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException("a vault is closed by its store; close the store");
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public boolean isReadOnly() {
    return false;
  }

  @Override
  public String getSeparator() {
    return "/";
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    return List.of(root());
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    return List.of();
  }

  @Override
  public Set<String> supportedFileAttributeViews() {
    return Set.of("basic");
  }

  @Override
  public PathMatcher getPathMatcher(String syntaxAndPattern) {
    PathMatcher matcher = folder.getFileSystem().getPathMatcher(syntaxAndPattern);
    return path -> matcher.matches(Path.of(path.toString()));
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    throw new UnsupportedOperationException("files of a vault have no owner");
  }

  @Override
  public WatchService newWatchService() {
    throw new UnsupportedOperationException("files of a vault cannot be watched");
  }

  /**
   * Attributes of a file or folder in a vault.
   *
   * @param lastModifiedTime when the file was written
   * @param size the size of the content in bytes, before encryption
   * @param isDirectory true for a folder
   */
  record VaultAttributes(FileTime lastModifiedTime, long size, boolean isDirectory)
      implements BasicFileAttributes {
    static final VaultAttributes FOLDER = new VaultAttributes(FileTime.fromMillis(0), 0, true);

    @Override
    public FileTime lastAccessTime() {
      return lastModifiedTime;
    }

    @Override
    public FileTime creationTime() {
      return lastModifiedTime;
    }

    @Override
    public boolean isRegularFile() {
      return !isDirectory;
    }

    @Override
    public boolean isSymbolicLink() {
      return false;
    }

    @Override
    public boolean isOther() {
      return false;
    }

    @Override
    public Object fileKey() {
      return null;
    }
  }
}
