package dev.likeness.cli.command;

import dev.likeness.diffusion.internal.file.Quoted;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/** A file with a private key: the key of a store, or of a signer. Warns once for each option. */
final class PrivateKeyFile {
  private static final Set<PosixFilePermission> OTHERS = EnumSet.of(
      PosixFilePermission.GROUP_READ,
      PosixFilePermission.GROUP_WRITE,
      PosixFilePermission.OTHERS_READ,
      PosixFilePermission.OTHERS_WRITE);

  private boolean isReported;

  /**
   * Prints a warning if other users of the machine can read or change the key. File systems without
   * POSIX permissions, pipes and missing files have none.
   */
  void warnIfShared(Path key, PrintWriter err) {
    if (isReported
        || !Files.isRegularFile(key)
        || !key.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return;
    }
    try {
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(key);
      if (permissions.stream().anyMatch(OTHERS::contains)) {
        isReported = true;
        String name = Quoted.line(key.toString());
        err.println("other users of this machine can open the private key " + name + " ("
            + PosixFilePermissions.toString(permissions) + "); keep it to yourself: chmod 600 "
            + name);
        err.flush();
      }
    } catch (IOException | UnsupportedOperationException unknown) {
      // A key whose permissions cannot be read is no worse for it.
    }
  }
}
