package dev.likeness.headshots;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/** The built-in styles, kept as data. */
final class StyleFile {
  private static final List<Style> BUILT_IN = read("styles.json");

  private StyleFile() {}

  static List<Style> builtIn() {
    return BUILT_IN;
  }

  private static List<Style> read(String resource) {
    try (InputStream in = StyleFile.class.getResourceAsStream(resource)) {
      return JSON.std.listFrom(in).stream().map(style -> style((Map<?, ?>) style)).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(resource + " is broken", e);
    }
  }

  private static Style style(Map<?, ?> fields) {
    List<String> variants = ((List<?>) fields.get("variants")).stream().map(Object::toString).toList();
    return new Style((String) fields.get("name"), (String) fields.get("title"), (String) fields.get("opening"),
        variants, (String) fields.get("negative"));
  }
}
