package dev.likeness.diffusion.internal.io;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether what long work makes can be written, found out before it begins. */
public final class Writable {
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
