package dev.likeness.diffusion.internal.io;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Whole files or none: content goes to a unique name beside the target, is forced to the disk,
 * moved into place in one step, and the folder is forced. A failure at any point leaves the old
 * file, or no file, and nothing beside it. That the thread was interrupted is no failure.
 */
public final class AtomicFile {
  /** Writes the content of one file to {@code out}; need not flush or close it. */
  @FunctionalInterface
  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  private static final String PART = ".part";

  private AtomicFile() {}

  /**
   * Writes {@code target}, replacing a file that is there, whose POSIX permissions stay; missing
   * parent folders are created.
   *
   * @throws ResourceLimitException when the disk refuses (full, read-only, no permission); names
   *     the file and the reason
   */
  public static void write(Path target, Content content) {
    write(target, content, false);
  }

  /**
   * The same for personal data, such as a person trained from photos: a new file is readable by its
   * owner alone, where the file system has POSIX permissions.
   *
   * @throws ResourceLimitException as {@link #write} does
   */
  public static void writePrivate(Path target, Content content) {
    write(target, content, true);
  }

  private static void write(Path target, Content content, boolean owners) {
    Path folder = target.toAbsolutePath().getParent();
    Path temporary = folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + PART);
    try {
      Files.createDirectories(folder);
      Optional<Set<PosixFilePermission>> permissions = FilePermissions.of(target, owners);
      if (permissions.isPresent()) {
        FilePermissions.create(temporary);
      }
      fill(temporary, content);
      if (permissions.isPresent()) {
        FilePermissions.set(temporary, permissions.get());
      }
      Files.move(
          temporary,
          target.toAbsolutePath(),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      force(folder);
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot write " + target + ": " + reason(e) + "; free space or choose another place", e);
    } finally {
      discard(temporary);
    }
  }

  /**
   * Removes what processes that were killed while they wrote {@code target} left beside it; while
   * another may be writing it, this must not be called.
   */
  public static void sweep(Path target) {
    Path folder = target.toAbsolutePath().getParent();
    if (!Files.isDirectory(folder)) {
      return;
    }
    String begun = "." + target.getFileName() + ".";
    try (DirectoryStream<Path> left = Files.newDirectoryStream(
        folder,
        path -> path.getFileName().toString().startsWith(begun)
            && path.getFileName().toString().endsWith(PART))) {
      for (Path path : left) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot remove what was left of writing " + target + ": " + reason(e), e);
    }
  }

  private static void fill(Path file, Content content) throws IOException {
    try (OutputStream to = open(file)) {
      OutputStream out = new BufferedOutputStream(Disk.current().guard(file, to), 1 << 16);
      content.writeTo(out);
      out.flush();
      if (to instanceof FileOutputStream onDisk) {
        onDisk.getFD().sync();
      }
    }
  }

  // A stream, since an interrupt closes a channel. Other file systems, such as encrypted ones, see
  // to their own durability.
  private static OutputStream open(Path file) throws IOException {
    return file.getFileSystem() == FileSystems.getDefault()
        ? new FileOutputStream(file.toFile())
        : Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /**
   * Forces to the disk what {@code folder} calls its files, unless it is of a file system that sees
   * to that.
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

  private static void discard(Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      temporary.toFile().deleteOnExit();
    }
  }

  private static String reason(IOException e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /**
   * Who may read a file, where the file system has POSIX permissions; elsewhere that is the
   * folder's to say.
   */
  static final class FilePermissions {
    private static final Set<PosixFilePermission> OWNERS =
        PosixFilePermissions.fromString("rw-------");

    private FilePermissions() {}

    /**
     * The permissions to write {@code target} with: those of the file that it replaces, or its
     * owner's alone.
     *
     * @param owners whether a new file is its owner's alone
     * @return empty where a new file has what the process gives to its files
     */
    static Optional<Set<PosixFilePermission>> of(Path target, boolean owners) throws IOException {
      FileSystem system = target.getFileSystem();
      if (system != FileSystems.getDefault()
          || !system.supportedFileAttributeViews().contains("posix")) {
        return Optional.empty();
      }
      if (Files.isRegularFile(target)) {
        return Optional.of(Files.getPosixFilePermissions(target));
      }
      return owners ? Optional.of(OWNERS) : Optional.empty();
    }

    /** Makes an empty file that nobody but its owner can open, not even before it is whole. */
    static void create(Path file) throws IOException {
      Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNERS));
    }

    // A disk that keeps no permissions has the same for all files, and refuses to set any.
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

  /** Whether what long work makes can be written, found out before it begins. */
  public static final class Writable {
    private Writable() {}

    /** Refuses a folder that cannot be written into; one that is not there yet is not made. */
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

  /**
   * Where bytes leave for the disk: a seam that tests replace to fail at a chosen byte, as a full
   * disk does.
   */
  @FunctionalInterface
  public interface Disk {
    /** The real disk: nothing in between. */
    Disk REAL = (file, out) -> out;

    /** Returns the stream that the bytes of {@code file} go through. */
    OutputStream guard(Path file, OutputStream out);

    /** The disk that {@link AtomicFile} writes to from this thread. */
    static Disk current() {
      Disk installed = DiskHolder.INSTALLED.get();
      return installed == null ? REAL : installed;
    }

    /**
     * The disk that a test put in place, for this thread and those it starts; null outside tests.
     */
    static final class DiskHolder {
      static final InheritableThreadLocal<Disk> INSTALLED = new InheritableThreadLocal<>();

      private DiskHolder() {}
    }
  }
}
