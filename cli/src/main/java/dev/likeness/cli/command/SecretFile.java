package dev.likeness.cli.command;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a password or passphrase from a text file. */
final class SecretFile {
  private static final int MAX_BYTES = 1024;

  private SecretFile() {}

  /**
   * Returns the text of a file without surrounding spaces.
   *
   * @param what password or passphrase
   */
  static String read(String what, Path file) {
    try {
      // A device such as /dev/zero has no size and no end.
      byte[] text;
      try (InputStream in = Files.newInputStream(file)) {
        text = in.readNBytes(MAX_BYTES + 1);
      }
      if (text.length <= MAX_BYTES) {
        return new String(text, StandardCharsets.UTF_8).strip();
      }
    } catch (IOException e) {
      throw new InvalidInputException(
          "cannot read the " + what + " file " + file + ": " + e.getMessage()
              + "; give a text file with the " + what,
          e);
    }
    throw new InvalidInputException("the " + what + " file " + file + " has more than " + MAX_BYTES
        + " bytes; give a text file with the " + what + " alone");
  }
}
