package dev.likeness.diffusion.internal.io;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
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
   * The same of what is a person's own, such as what was learnt of a face: a new file is readable
   * by its owner alone, where the file system has POSIX permissions.
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
    try (OutputStream to = opened(file)) {
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
  private static OutputStream opened(Path file) throws IOException {
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
      UninterruptibleIo.run(() -> forced(folder));
    }
  }

  private static boolean forced(Path folder) throws IOException {
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
}
