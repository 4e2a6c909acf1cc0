package dev.likeness.vault;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;

/**
 * Reads and writes small files that contain one JSON object. A file that the store itself wrote and
 * that cannot be read does not prevent opening the store: the store renames the file.
 */
final class JsonFile {
  private static final int MAX_BYTES = 1 << 20;
  private static final String DAMAGED = ".damaged";

  private JsonFile() {}

  /** Returns where a damaged file is set aside. */
  static Path damaged(Path file) {
    return file.resolveSibling(file.getFileName() + DAMAGED);
  }

  /** Moves a damaged file aside, for a person to see. An earlier one is replaced. */
  static void setAside(Path file) {
    try {
      Files.move(file, damaged(file), StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      // It stays where it is, and the next opening of the store tries again.
    }
  }

  /**
   * Returns a whole number.
   *
   * @throws InvalidInputException if there is none, or one outside of the limits
   */
  static long number(Map<?, ?> map, String key, long least, long most, Path file) {
    Object value = map.get(key);
    if (value instanceof Integer || value instanceof Long) {
      long number = ((Number) value).longValue();
      if (number >= least && number <= most) {
        return number;
      }
    }
    throw new InvalidInputException(file + " has no number of seconds under \"" + key
        + "\" in the range " + least + " to " + most + "; restore the file from a copy");
  }

  static Map<String, Object> read(Path file) {
    try {
      byte[] bytes = UninterruptibleIo.read(file, JsonFile::bytes);
      try (JsonParser parser = JSON.std.createParser(bytes)) {
        Map<String, Object> object = JSON.std.mapFrom(parser);
        if (object == null) {
          throw new IOException("not an object");
        }
        if (parser.nextToken() != null) {
          throw new IOException("the object is followed by something else");
        }
        return object;
      }
    } catch (NoSuchFileException e) {
      throw new InvalidInputException(file + " does not exist; give a file that a store wrote", e);
    } catch (IOException e) {
      throw new InvalidInputException(
          file + " is not a readable JSON file of at most 1 MiB; restore it from a copy", e);
    }
  }

  private static byte[] bytes(Path file) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    if (!attributes.isRegularFile() || attributes.size() > MAX_BYTES) {
      throw new IOException("it is not a regular file or is larger than 1 MiB");
    }
    return Files.readAllBytes(file);
  }

  static void write(Path file, Map<String, ?> object) {
    AtomicFile.write(
        file, out -> out.write(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asBytes(object)));
  }
}
