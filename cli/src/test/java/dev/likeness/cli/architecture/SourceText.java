package dev.likeness.cli.architecture;

import com.tngtech.archunit.core.domain.JavaClass;
import dev.likeness.cli.Outside;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Sources in the modules, for what class files do not tell. */
final class SourceText {
  /** A comment, a text block, a string or a character, whichever begins first. */
  private static final Pattern TOKEN = Pattern.compile(
      "//[^\n]*|/\\*.*?\\*/|\"\"\"(?:\\\\.|.)*?\"\"\""
          + "|\"(?:\\\\.|[^\"\\\\\n])*\"|'(?:\\\\.|[^'\\\\\n])+'",
      Pattern.DOTALL);

  private static final List<Path> FOLDERS = folders();

  private SourceText() {}

  private static List<Path> folders() {
    try (Stream<Path> modules = Files.list(Outside.ROOT)) {
      return modules
          .flatMap(
              module -> Stream.of(module.resolve("src/main/java"), module.resolve("src/test/java")))
          .filter(Files::isDirectory)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The strings in the file of a top-level class, without their quotes. */
  static List<String> literals(JavaClass type) {
    String path = type.getName().replace('.', '/') + ".java";
    Optional<Path> file = FOLDERS.stream()
        .map(folder -> folder.resolve(path))
        .filter(Files::exists)
        .findFirst();
    // The class of a package-info or a second class of a file has no file of its name.
    return file.map(SourceText::literals).orElse(List.of());
  }

  private static List<String> literals(Path file) {
    List<String> found = new ArrayList<>();
    try {
      Matcher token = TOKEN.matcher(Files.readString(file));
      while (token.find()) {
        String text = token.group();
        if (text.startsWith("\"")) {
          int quotes = text.startsWith("\"\"\"") ? 3 : 1;
          found.add(text.substring(quotes, text.length() - quotes));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }
}
