package dev.likeness.studio.internal.work;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.Subject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * JSON files of a subject, in the subject's encrypted folders. Each write replaces the whole file
 * atomically, so a killed process leaves the old or the new file. Reading does not count as a use
 * of the person's data: a page that only lists people must not keep their data longer.
 */
final class JobFile {
  private JobFile() {}

  /** Writes a file, readable by its owner only. */
  static void write(Subject subject, DataCategory category, String name, Map<String, ?> content) {
    Path file = subject.folder(category).resolve(name);
    AtomicFile.writePrivate(file, out -> out.write(JSON.std.asBytes(content)));
  }

  /** Reads a file; empty if the subject has none or it is damaged. */
  static Optional<Map<String, Object>> read(Subject subject, DataCategory category, String name) {
    return subject.counts().getOrDefault(category, 0) == 0
        ? Optional.empty()
        : read(subject.peek(category).resolve(name));
  }

  /** Reads all files whose names match a glob, by name. */
  static Map<String, Map<String, Object>> readAll(
      Subject subject, DataCategory category, String glob) {
    Map<String, Map<String, Object>> found = new LinkedHashMap<>();
    if (subject.counts().getOrDefault(category, 0) == 0) {
      return found;
    }
    for (Path file : list(subject.peek(category), glob)) {
      read(file).ifPresent(content -> found.put(file.getFileName().toString(), content));
    }
    return found;
  }

  /** Lists the files of a folder whose names match a glob, sorted. */
  static List<Path> list(Path folder, String glob) {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (entry.getFileName().toString().matches(glob)) {
          files.add(entry);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(e);
    }
    files.sort((one, other) -> one.toString().compareTo(other.toString()));
    return files;
  }

  static void delete(Subject subject, DataCategory category, String name) {
    try {
      if (subject.counts().getOrDefault(category, 0) > 0) {
        Files.deleteIfExists(subject.peek(category).resolve(name));
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  static ResourceLimitException unreadable(Exception e) {
    return new ResourceLimitException(
        "the files of this person cannot be read or written: " + e.getMessage()
            + "; check the disk of the store",
        e);
  }

  private static Optional<Map<String, Object>> read(Path file) {
    try {
      return Files.exists(file)
          ? Optional.ofNullable(JSON.std.mapFrom(Files.readAllBytes(file)))
          : Optional.empty();
    } catch (IOException damaged) {
      return Optional.empty();
    }
  }
}
