package dev.likeness.portrait.training;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the stores of a work folder are of, so that a run with other numbers does not go on from
 * them.
 */
final class WorkStamp {
  private WorkStamp() {}

  /**
   * Writes down in {@code work} that its stores are of {@code value}.
   *
   * @throws InvalidInputException when they are of another
   */
  static void require(Path work, String name, Object value) {
    require(work, name, value, false);
  }

  /**
   * As {@link #require(Path, String, Object)}; where nothing is {@code filled} before it was
   * stamped.
   */
  static void require(Path work, String name, Object value, boolean filled) {
    Path file = work.resolve(name + ".txt");
    try {
      String before =
          Files.exists(file) ? Files.readString(file) : filled ? "unknown" : value.toString();
      if (!before.equals(value.toString())) {
        throw new InvalidInputException(work + " holds what was made with " + name + " " + before
            + ", not " + value + "; give an empty folder, or the same again to go on");
      }
      AtomicFile.write(file, out -> out.write(before.getBytes(StandardCharsets.UTF_8)));
    } catch (IOException e) {
      throw new ResourceLimitException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
