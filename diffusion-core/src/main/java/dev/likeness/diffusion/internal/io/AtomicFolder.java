package dev.likeness.diffusion.internal.io;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes a folder whole or not at all. The files are written to a hidden folder, which then gets
 * the name of the target. After a failure, the hidden folder is deleted.
 */
public final class AtomicFolder {
  /** The names of hidden folders: of a form that no other program gives. */
  private static final Pattern HIDDEN =
      Pattern.compile("[.].*[.][0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}[.]part");

  /** Writes the files of a folder. */
  @FunctionalInterface
  public interface Content {
    void writeTo(Path folder) throws IOException;
  }

  private AtomicFolder() {}

  /**
   * Writes a folder. A folder that exists may be a link or a mount point, so it is filled instead
   * of replaced; no file in it is replaced.
   *
   * @param out a folder that does not exist or has no files of these names
   * @param last the name of the file that is moved last; a folder that has it is complete
   * @param content writes the files
   * @throws ResourceLimitException if a file cannot be written. If only giving the names failed,
   *     the files stay in the hidden folder, which the message names
   */
  public static void write(Path out, String last, Content content) {
    String name = "." + UUID.randomUUID() + ".part";
    Path whole = Files.exists(out)
        ? out.resolve(".model" + name)
        : out.resolveSibling("." + out.getFileName() + name);
    boolean filled = false;
    try {
      try {
        TemporaryFiles.create(whole, () -> Files.createDirectories(whole));
        content.writeTo(whole);
        filled = true;
      } finally {
        if (!filled) {
          TemporaryFiles.delete(whole);
        }
      }
      TemporaryFiles.keep(whole);
      moveInto(whole, out, last);
    } catch (IOException | UncheckedIOException e) {
      throw new ResourceLimitException(
          "cannot write " + out + ": " + reason(e)
              + (filled ? "; the whole model is kept in " + whole : ""),
          e);
    } catch (ResourceLimitException e) {
      throw new ResourceLimitException(e.getMessage().replace(whole.toString(), out.toString()), e);
    }
  }

  private static String reason(Exception e) {
    return e instanceof AccessDeniedException
        ? "permission denied"
        : e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /** Returns true if a path has the name of a hidden folder, which a killed process left. */
  public static boolean isHidden(Path path) {
    return HIDDEN.matcher(path.getFileName().toString()).matches();
  }

  private static void moveInto(Path whole, Path out, String last) throws IOException {
    if (!Files.exists(out)) {
      // Fails if something appeared there meanwhile.
      Files.move(whole, out);
      return;
    }
    try (Stream<Path> parts = Files.list(whole)) {
      for (Path part :
          parts.sorted(Comparator.comparing(path -> path.endsWith(last))).toList()) {
        Files.move(part, out.resolve(part.getFileName()));
      }
    }
    Files.delete(whole);
  }
}
