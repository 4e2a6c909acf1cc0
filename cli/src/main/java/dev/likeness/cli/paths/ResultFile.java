package dev.likeness.cli.paths;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.io.TemporaryFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Writes the result files of commands. A result is written whole to a hidden folder beside its
 * place, and gets its name in one step.
 */
public final class ResultFile {
  private static final int MOST_NAMES = 100_000;

  private ResultFile() {}

  /**
   * Writes a result. If a file with this name appeared during the work, that file is kept, and the
   * result gets a number, as in {@code ada-2.safetensors}.
   *
   * @param file the place of the result
   * @param overwrite true to replace an existing file
   * @param writer writes the file that it is given; this file does not exist
   * @return the file that was written
   */
  public static Path write(Path file, boolean overwrite, Consumer<Path> writer) {
    return hidden(file, writer, whole -> {
      if (overwrite) {
        Files.move(
            whole,
            file.toAbsolutePath(),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
        AtomicFile.force(file.toAbsolutePath().getParent());
        return file;
      }
      Path free = file;
      for (int i = 2; !AtomicFile.publishNew(whole, free); i++) {
        if (i > MOST_NAMES) {
          throw new IOException("all names are taken");
        }
        free = numbered(file, i);
      }
      return free;
    });
  }

  /**
   * Writes a result that must not replace anything.
   *
   * @return false if something else has this name; nothing is written then
   */
  public static boolean tryWrite(Path file, Consumer<Path> writer) {
    return hidden(
            file,
            writer,
            whole -> AtomicFile.publishNew(whole, file) ? Optional.of(file) : Optional.empty())
        .isPresent();
  }

  /** Prints a notice if the result got another name than the user gave. */
  public static void printOther(Path written, Path given, Console console) {
    if (!written.equals(given)) {
      console
          .err()
          .println(given + " appeared during the work and is kept; the result is in " + written);
    }
  }

  /** Gives the written file its name. */
  private interface Naming<T> {
    T name(Path whole) throws IOException;
  }

  private static <T> T hidden(Path file, Consumer<Path> writer, Naming<T> naming) {
    Path folder = file.toAbsolutePath().getParent();
    Path hidden = folder.resolve(".likeness." + UUID.randomUUID() + ".part");
    Path whole = hidden.resolve(file.getFileName().toString());
    try {
      Files.createDirectories(folder);
      TemporaryFiles.create(hidden, () -> Files.createDirectory(hidden));
      writer.accept(whole);
      return naming.name(whole);
    } catch (ResourceLimitException e) {
      throw new ResourceLimitException(
          e.getMessage().replace(whole.toString(), file.toString()), e);
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot write " + file + ": " + Quoted.reason(e)
              + "; make room on the disk, or choose another place",
          e);
    } finally {
      TemporaryFiles.discard(hidden);
    }
  }

  private static Path numbered(Path file, int number) {
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    String stem = dot <= 0 ? name : name.substring(0, dot);
    return file.resolveSibling(stem + "-" + number + name.substring(stem.length()));
  }
}
