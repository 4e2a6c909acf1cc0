package dev.likeness.diffusion.internal.io;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Writes files completely or not at all. The content is written to a temporary file beside the
 * target and flushed to the disk. The temporary file then replaces the target in one step, and the
 * folder is flushed. After a failure, the old file or no file is there, and the temporary file is
 * deleted. An interrupt of the thread does not stop a write.
 */
public final class AtomicFile {
  /** Writes the content of a file; need not flush or close the stream. */
  @FunctionalInterface
  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  private static final String PART = ".part";
  private static final String UUID_FORM = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

  private AtomicFile() {}

  /**
   * Writes {@code target}. An existing file is replaced and keeps its POSIX permissions. Missing
   * parent folders are created.
   *
   * @throws ResourceLimitException if the file cannot be written (disk full, read-only, no
   *     permission); the message has file and reason
   */
  public static void write(Path target, Content content) {
    write(target, content, false, true);
  }

  /**
   * Writes personal data, such as a trained person. Only its owner can read the file, also if it
   * replaces a file that others could read, if the file system has POSIX permissions.
   *
   * @throws ResourceLimitException if the file cannot be written
   */
  public static void writePrivate(Path target, Content content) {
    write(target, content, true, true);
  }

  /**
   * Writes a new file that only its owner can read, such as a key.
   *
   * @return false if something has this name already; it is kept
   * @throws ResourceLimitException if the file cannot be written
   */
  public static boolean writeNewPrivate(Path target, Content content) {
    return write(target, content, true, false);
  }

  /** Returns true if only the owner may read a file; false if the file system does not tell. */
  public static boolean isPrivate(Path file) {
    try {
      return FilePermissions.of(file, false).filter(FilePermissions::isPrivate).isPresent();
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Gives a written file or folder its name, unless something has this name already: two processes
   * never get the same name. Both paths must be on the same disk.
   *
   * @param whole the written file or folder
   * @param target the name
   * @return false if something has the name; {@code whole} then stays where it is
   * @throws IOException if the name cannot be given for another reason
   */
  public static boolean publishNew(Path whole, Path target) throws IOException {
    try {
      if (Files.isDirectory(whole, LinkOption.NOFOLLOW_LINKS) || !link(whole, target)) {
        Files.move(whole, target);
      }
    } catch (FileAlreadyExistsException e) {
      return false;
    }
    force(target.toAbsolutePath().getParent());
    return true;
  }

  /**
   * Names a file by a hard link, which fails if the name exists. Some file systems have no links.
   */
  private static boolean link(Path whole, Path target) throws IOException {
    try {
      Files.createLink(target, whole);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (FileSystemException | UnsupportedOperationException e) {
      return false;
    }
    Files.delete(whole);
    return true;
  }

  private static boolean write(Path target, Content content, boolean owners, boolean replaces) {
    Path folder = target.toAbsolutePath().getParent();
    Path temporary = folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + PART);
    try {
      Files.createDirectories(folder);
      Optional<Set<PosixFilePermission>> permissions = FilePermissions.of(target, owners);
      try (OutputStream to =
          TemporaryFiles.create(temporary, () -> open(temporary, permissions.isPresent()))) {
        fill(temporary, to, content);
      }
      if (permissions.isPresent()) {
        FilePermissions.set(temporary, permissions.get());
      }
      if (!replaces) {
        return publishNew(temporary, target.toAbsolutePath());
      }
      Files.move(
          temporary,
          target.toAbsolutePath(),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      force(folder);
      return true;
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot write " + target + ": " + reason(e)
              + "; make room on the disk, or choose another place",
          e);
    } finally {
      TemporaryFiles.discard(temporary);
    }
  }

  /**
   * Deletes temporary files that killed processes left beside {@code target}. Must not be called
   * while another process may write the target.
   */
  public static void sweep(Path target) {
    Path folder = target.toAbsolutePath().getParent();
    if (!Files.isDirectory(folder)) {
      return;
    }
    Pattern temporary = Pattern.compile(
        Pattern.quote("." + target.getFileName() + ".") + UUID_FORM + Pattern.quote(PART));
    try (DirectoryStream<Path> left = Files.newDirectoryStream(
        folder, path -> temporary.matcher(path.getFileName().toString()).matches())) {
      for (Path path : left) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot delete the temporary files of " + target + ": " + reason(e)
              + "; check the permissions of their folder",
          e);
    }
  }

  private static void fill(Path file, OutputStream to, Content content) throws IOException {
    OutputStream out = new BufferedOutputStream(Disk.current().guard(file, to), 1 << 16);
    content.writeTo(out);
    out.flush();
    if (to instanceof FileOutputStream onDisk) {
      onDisk.getFD().sync();
    }
  }

  // A stream, because an interrupt closes a channel. Other file systems, such as encrypted ones,
  // flush by themselves.
  private static OutputStream open(Path file, boolean owners) throws IOException {
    if (owners) {
      FilePermissions.create(file);
    }
    return file.getFileSystem() == FileSystems.getDefault()
        ? new FileOutputStream(file.toFile())
        : Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /**
   * Flushes the entries of {@code folder} to the disk, unless its file system does so by itself.
   */
  public static void force(Path folder) throws IOException {
    if (folder.getFileSystem() == FileSystems.getDefault()) {
      UninterruptibleIo.run(() -> tryForce(folder));
    }
  }

  private static boolean tryForce(Path folder) throws IOException {
    try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
      directory.force(true);
      return true;
    } catch (AccessDeniedException windowsHasNoFolderHandles) {
      return false;
    }
  }

  private static String reason(IOException e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /** POSIX permissions of written files. Other file systems use the permissions of the folder. */
  static final class FilePermissions {
    private static final Set<PosixFilePermission> OWNERS =
        PosixFilePermissions.fromString("rw-------");

    private FilePermissions() {}

    /**
     * Returns the permissions for {@code target}: those for its owner only, or those of the file
     * that it replaces.
     *
     * @param owners true if only its owner may read the file
     * @return the permissions; empty for the defaults of the process
     */
    static Optional<Set<PosixFilePermission>> of(Path target, boolean owners) throws IOException {
      FileSystem system = target.getFileSystem();
      if (system != FileSystems.getDefault()
          || !system.supportedFileAttributeViews().contains("posix")) {
        return Optional.empty();
      }
      if (owners) {
        return Optional.of(OWNERS);
      }
      return Files.isRegularFile(target)
          ? Optional.of(Files.getPosixFilePermissions(target))
          : Optional.empty();
    }

    static boolean isPrivate(Set<PosixFilePermission> permissions) {
      return !permissions.contains(PosixFilePermission.GROUP_READ)
          && !permissions.contains(PosixFilePermission.OTHERS_READ);
    }

    /** Creates an empty file that only its owner can open, from the beginning on. */
    static void create(Path file) throws IOException {
      Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNERS));
    }

    // A file system without permissions has the same for all files and refuses to set any.
    static void set(Path file, Set<PosixFilePermission> permissions) throws IOException {
      if (!Files.getPosixFilePermissions(file).equals(permissions)) {
        try {
          Files.setPosixFilePermissions(file, permissions);
        } catch (FileSystemException | UnsupportedOperationException e) {
          // Keeping the file matters more than restricting its permissions.
        }
      }
    }
  }

  /** Checks before long work that its result can be written. */
  public static final class Writable {
    private Writable() {}

    /** Refuses a folder that cannot be written into. A missing folder is not created. */
    public static void requireFolder(Path folder) {
      Path there = folder.toAbsolutePath();
      while (there != null && !Files.exists(there)) {
        there = there.getParent();
      }
      if (there == null) {
        throw new ResourceLimitException(
            "cannot write into " + folder + ": there is no such drive; choose another place");
      }
      try {
        Files.delete(Files.createTempFile(there, ".likeness", ""));
      } catch (IOException e) {
        throw new ResourceLimitException(
            "cannot write into " + folder + ": " + e.getMessage() + "; choose another place", e);
      }
    }

    /** Refuses a file that cannot be written, or that is a folder. */
    public static void requireFile(Path file) {
      if (Files.isDirectory(file)) {
        throw new IllegalArgumentException(file + " is a folder; give a file in it");
      }
      requireFolder(file.toAbsolutePath().getParent());
    }
  }

  /** The output to the disk. Tests replace it to fail at a chosen byte, as a full disk does. */
  @FunctionalInterface
  public interface Disk {
    /** The real disk. */
    Disk REAL = (file, out) -> out;

    /** Returns the stream that the bytes of {@code file} go through. */
    OutputStream guard(Path file, OutputStream out);

    /** Returns the disk that {@link AtomicFile} uses on this thread. */
    static Disk current() {
      Disk installed = DiskHolder.INSTALLED.get();
      return installed == null ? REAL : installed;
    }

    /** Keeps the disk of a test, for its thread and threads started from it; null outside tests. */
    static final class DiskHolder {
      static final InheritableThreadLocal<Disk> INSTALLED = new InheritableThreadLocal<>();

      private DiskHolder() {}
    }
  }
}
