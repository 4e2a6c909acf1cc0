package dev.likeness.studio.internal.http;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;

/** The files of the page, by path. No other resource of the class path can be asked for. */
final class Page {
  private static final String FOLDER = "/dev/likeness/studio/page/";
  private static final String SCRIPT = "text/javascript;charset=utf-8";

  private static final Map<String, String> TYPES = Map.ofEntries(
      Map.entry("index.html", "text/html;charset=utf-8"),
      Map.entry("enter.html", "text/html;charset=utf-8"),
      Map.entry("login.html", "text/html;charset=utf-8"),
      Map.entry("studio.css", "text/css;charset=utf-8"),
      Map.entry("icon.svg", "image/svg+xml"),
      Map.entry("styles.jpg", "image/jpeg"),
      Map.entry("app.js", SCRIPT),
      Map.entry("api.js", SCRIPT),
      Map.entry("start.js", SCRIPT),
      Map.entry("models.js", SCRIPT),
      Map.entry("people.js", SCRIPT),
      Map.entry("photos.js", SCRIPT),
      Map.entry("playground.js", SCRIPT),
      Map.entry("train.js", SCRIPT),
      Map.entry("shoot.js", SCRIPT),
      Map.entry("choose.js", SCRIPT),
      Map.entry("edit.js", SCRIPT),
      Map.entry("export.js", SCRIPT),
      Map.entry("parts.js", SCRIPT),
      Map.entry("words.js", SCRIPT),
      Map.entry("words-de.js", SCRIPT),
      Map.entry("library-de.js", SCRIPT),
      Map.entry("vendor/preact.module.js", SCRIPT),
      Map.entry("vendor/htm.module.js", SCRIPT));

  private Page() {}

  /** A file of the page. */
  record File(String type, byte[] content) {}

  /** Returns the file of a name; empty for any other name. */
  static Optional<File> find(String name) {
    String type = TYPES.get(name);
    return type == null ? Optional.empty() : Optional.of(new File(type, read(name)));
  }

  private static byte[] read(String name) {
    try (InputStream in = Page.class.getResourceAsStream(FOLDER + name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("the jar of Likeness is damaged; download it again", e);
    }
  }

  /** Returns the names of all files. */
  static java.util.Set<String> names() {
    return TYPES.keySet();
  }
}
