package dev.likeness.cli.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.Outside;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Code, resources and pages use the field's words, and lines of code are not too long. */
class LanguageTest {
  private static final int COLUMNS = 120;

  @Test
  void noBannedWordIsUsed() throws IOException {
    BannedWords words = new BannedWords(allowList());
    List<String> faults = new ArrayList<>();
    for (Path file : mainFiles()) {
      faults.addAll(words.faults(path(file), text(file)));
    }
    for (MarkdownPage page : new PageRules(Outside.ROOT).pages()) {
      if (page.path().equals("README.md") || page.path().startsWith("docs/")) {
        faults.addAll(words.faults(page.path(), page.text()));
      }
    }
    faults.addAll(words.unused());
    assertTrue(faults.isEmpty(), faults.size() + " faults:\n" + String.join("\n", faults));
  }

  @Test
  void noLineOfCodeIsTooLong() throws IOException {
    List<String> faults = new ArrayList<>();
    for (Path file : mainFiles()) {
      if (file.toString().endsWith(".java")) {
        int number = 0;
        for (String line : text(file).lines().toList()) {
          number++;
          if (line.codePointCount(0, line.length()) > COLUMNS) {
            faults.add(path(file) + ":" + number);
          }
        }
      }
    }
    assertEquals("", String.join("\n", faults));
  }

  @Test
  void findsWhatIsPlanted() {
    BannedWords words = new BannedWords(List.of(
        "# why",
        "old/Notes.java | \"pictures\" | a key of old files",
        "vocab.json | * | a vocabulary is data",
        "Gone.java | \"ladder\" | nothing uses it"));
    assertEquals(
        List.of(
            "a/Some.java:1: \"Picture\"",
            "a/Some.java:2: \"Pictures\"",
            "a/Some.java:3: \"LADDER\"",
            "a/Some.java:3: \"is told\""),
        words.faults(
            "a/Some.java", "Picture of it\nvoid classPictures() {}\n\"A_LADDER is told\"\n"));
    assertEquals(
        List.of(), words.faults("a/Other.java", "a picturesque seat; bladder, wholly told"));
    assertEquals(
        List.of("old/Notes.java:2: \"pictures\""),
        words.faults("old/Notes.java", "put(\"pictures\", 1)\npictures"));
    assertEquals(List.of(), words.faults("x/vocab.json", "{\"picture\": 1}"));
    assertEquals(
        List.of("the allow-list allows what is not there: Gone.java | \"ladder\""), words.unused());
  }

  private static List<String> allowList() throws IOException {
    Path file = Path.of("src/test/resources/dev/likeness/cli/docs/allowed-words.txt");
    return Files.readAllLines(Outside.ROOT.resolve("cli").resolve(file));
  }

  /** Java files and text resources of all modules; research is not a module of the root. */
  private static List<Path> mainFiles() throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> modules = Files.list(Outside.ROOT)) {
      for (Path module : modules.sorted().toList()) {
        Path main = module.resolve("src/main");
        if (Files.isDirectory(main)) {
          try (Stream<Path> all = Files.walk(main)) {
            all.filter(Files::isRegularFile)
                .filter(file -> !file.toString().matches(".*\\.(safetensors|gz|bin|png|jpg|webp)"))
                .sorted()
                .forEach(files::add);
          }
        }
      }
    }
    assertTrue(files.size() > 100, files.size() + " files are too few: is this the checkout?");
    return files;
  }

  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      return ""; // not a text
    }
  }

  private static String path(Path file) {
    return Outside.ROOT.relativize(file).toString().replace('\\', '/');
  }
}
