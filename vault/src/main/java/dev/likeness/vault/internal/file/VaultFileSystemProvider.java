package dev.likeness.vault.internal.file;

import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Implements the operations of {@link Files} on the files of one vault. A new file appears,
 * complete, when its channel is closed.
 */
final class VaultFileSystemProvider extends FileSystemProvider {
  private final VaultFileSystem fileSystem;

  VaultFileSystemProvider(VaultFileSystem fileSystem) {
    this.fileSystem = fileSystem;
  }

  private Path encryptedPath(Path path) {
    return fileSystem.encryptedPath(name(path));
  }

  private static String name(Path path) {
    return ((VaultPath) path).toAbsolutePath().normalize().toString();
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attrs) throws IOException {
    fileSystem.vault().requireUsable();
    Path file = encryptedPath(path);
    if (options.contains(StandardOpenOption.WRITE)
        || options.contains(StandardOpenOption.CREATE_NEW)) {
      requireWritable(path, file, options);
      return new VaultWriteChannel(fileSystem, name(path));
    }
    if (options.contains(StandardOpenOption.APPEND)) {
      throw new UnsupportedOperationException(
          "cannot append to a file of a vault, or read and write it at once; write the whole file");
    }
    if (!Files.exists(file)) {
      throw new NoSuchFileException(name(path));
    }
    return fileSystem.open(name(path));
  }

  private static void requireWritable(Path path, Path file, Set<? extends OpenOption> options)
      throws IOException {
    boolean exists = Files.exists(file);
    if (exists && options.contains(StandardOpenOption.CREATE_NEW)) {
      throw new FileAlreadyExistsException(name(path));
    }
    boolean creates = options.contains(StandardOpenOption.CREATE)
        || options.contains(StandardOpenOption.CREATE_NEW);
    if (!exists && !creates) {
      throw new NoSuchFileException(name(path));
    }
    if (options.contains(StandardOpenOption.APPEND) || options.contains(StandardOpenOption.READ)) {
      throw new UnsupportedOperationException(
          "cannot append to a file of a vault, or read and write it at once; write the whole file");
    }
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path dir, DirectoryStream.Filter<? super Path> filter) throws IOException {
    fileSystem.vault().requireUsable();
    String prefix = name(dir).equals("/") ? "/" : name(dir) + "/";
    List<Path> inside = fileSystem.names().stream()
        .filter(name -> name.startsWith(prefix))
        .map(name -> name.substring(prefix.length()).split("/")[0])
        .distinct()
        .map(dir::resolve)
        .toList();
    return new DirectoryStream<>() {
      @Override
      public Iterator<Path> iterator() {
        return inside.stream().filter(path -> accepts(filter, path)).iterator();
      }

      @Override
      public void close() {
        // The stream holds no resource.
      }
    };
  }

  private static boolean accepts(DirectoryStream.Filter<? super Path> filter, Path path) {
    try {
      return filter.accept(path);
    } catch (IOException e) {
      throw new DirectoryIteratorException(e);
    }
  }

  /** Does nothing: a folder exists if a file is in it. */
  @Override
  public void createDirectory(Path dir, FileAttribute<?>... attrs) throws IOException {
    fileSystem.vault().requireUsable();
  }

  @Override
  public void delete(Path path) throws IOException {
    fileSystem.vault().requireUsable();
    if (!Files.deleteIfExists(encryptedPath(path)) && !isFolder(path)) {
      throw new NoSuchFileException(name(path));
    }
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) throws IOException {
    if (Files.exists(encryptedPath(target))
        && !Arrays.asList(options).contains(StandardCopyOption.REPLACE_EXISTING)) {
      throw new FileAlreadyExistsException(name(target));
    }
    Files.write(target, Files.readAllBytes(source));
  }

  /**
   * Moves a file. Its content is encrypted anew, because it is bound to the name. The target
   * appears complete, and before the source is deleted.
   */
  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    fileSystem.vault().requireUsable();
    String from = name(source);
    String to = name(target);
    if (!Files.exists(encryptedPath(source))) {
      throw new NoSuchFileException(from);
    }
    if (from.equals(to)) {
      return;
    }
    if (Files.exists(encryptedPath(target))
        && !Arrays.asList(options).contains(StandardCopyOption.REPLACE_EXISTING)) {
      throw new FileAlreadyExistsException(to);
    }
    UninterruptibleIo.run(() -> {
      fileSystem.take(fileSystem, from, to);
      return null;
    });
  }

  @Override
  public boolean isSameFile(Path path, Path other) {
    return other.getFileSystem() == fileSystem && name(path).equals(name(other));
  }

  @Override
  public boolean isHidden(Path path) {
    return path.getFileName() != null && path.getFileName().toString().startsWith(".");
  }

  private boolean isFolder(Path path) throws IOException {
    String name = name(path);
    return name.equals("/")
        || fileSystem.names().stream().anyMatch(file -> file.startsWith(name + "/"));
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    fileSystem.vault().requireUsable();
    if (!Files.exists(encryptedPath(path)) && !isFolder(path)) {
      throw new NoSuchFileException(name(path));
    }
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    fileSystem.vault().requireUsable();
    if (type != BasicFileAttributes.class) {
      throw new UnsupportedOperationException("files of a vault have only basic attributes");
    }
    Path file = encryptedPath(path);
    if (Files.exists(file)) {
      try (SeekableByteChannel channel = newByteChannel(path, Set.of())) {
        return type.cast(new VaultFileSystem.VaultAttributes(
            Files.getLastModifiedTime(file), channel.size(), false));
      }
    }
    if (isFolder(path)) {
      return type.cast(VaultFileSystem.VaultAttributes.FOLDER);
    }
    throw new NoSuchFileException(name(path));
  }

  // The operations that a vault does not support follow.

  @Override
  public <V extends FileAttributeView> V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return null;
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) {
    throw new UnsupportedOperationException(
        "attributes of files in a vault are read by type only; give BasicFileAttributes.class");
  }

  @Override
  public void setAttribute(Path path, String attribute, Object value, LinkOption... options) {
    throw new UnsupportedOperationException("attributes of files in a vault cannot be set");
  }

  @Override
  public String getScheme() {
    return "likeness-vault";
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> env) {
    throw new UnsupportedOperationException("a vault is opened by its store; open the store");
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    throw new UnsupportedOperationException("a vault is opened by its store; open the store");
  }

  @Override
  public Path getPath(URI uri) {
    throw new UnsupportedOperationException("a path in a vault has no URI; use the Path itself");
  }

  @Override
  public FileStore getFileStore(Path path) {
    throw new UnsupportedOperationException(
        "a vault has no file store; use the file store of the store's folder");
  }
}
