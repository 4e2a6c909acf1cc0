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
import java.util.Map;

/** Reads and writes small files that contain one JSON object. */
final class JsonFile {
  private JsonFile() {}

  static Map<String, Object> read(Path file) {
    try {
      byte[] bytes = UninterruptibleIo.read(file, Files::readAllBytes);
      try (JsonParser parser = JSON.std.createParser(bytes)) {
        Map<String, Object> object = JSON.std.mapFrom(parser);
        if (parser.nextToken() != null) {
          throw new IOException("the object is followed by something else");
        }
        return object;
      }
    } catch (NoSuchFileException e) {
      throw new InvalidInputException(file + " does not exist; give a file that a store wrote", e);
    } catch (IOException e) {
      throw new InvalidInputException(file + " cannot be read as JSON; restore it from a copy", e);
    }
  }

  static void write(Path file, Map<String, ?> object) {
    AtomicFile.write(
        file, out -> out.write(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asBytes(object)));
  }
}
