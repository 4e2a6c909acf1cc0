package dev.likeness.diffusion.internal.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Whether only its owner can open a file. */
public final class OwnerOnly {
  private OwnerOnly() {}

  /**
   * Whether nobody else may read or write {@code file}; so it is where the file system has no such
   * permissions.
   */
  public static boolean isOwnerOnly(Path file) throws IOException {
    return !hasPermissions(file)
        || PosixFilePermissions.toString(Files.getPosixFilePermissions(file)).equals("rw-------");
  }

  public static boolean hasPermissions(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix");
  }
}
