package dev.likeness.diffusion.internal.io;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * Who may read a file, where the file system has POSIX permissions; elsewhere that is the folder's
 * to say.
 */
final class FilePermissions {
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
        // What was written is worth more than whom the disk lets read it.
      }
    }
  }
}
