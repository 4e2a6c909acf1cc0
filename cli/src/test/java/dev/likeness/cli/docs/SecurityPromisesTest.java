package dev.likeness.cli.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.Outside;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Each promise of SECURITY.md names tests, and each test that a page names exists. */
class SecurityPromisesTest {
  private static final Pattern TEST = Pattern.compile("`(\\w+Test)`");
  private static final Pattern HAS_TESTS =
      Pattern.compile("@(Test|ArchTest|ParameterizedTest|FuzzTest|RepeatedTest)\\b");
  /** Headings below which each item of a list is a promise. */
  private static final List<String> PROMISES = List.of(
      "What is defended, and against which attacker", "Image files", "Files and native code");
  /** Where the first heading goes on with what is not promised. */
  private static final String NOT_PROMISED = "Likeness does not defend";

  @Test
  void eachPromiseNamesATestThatExists() throws IOException {
    Path page = Outside.ROOT.resolve("SECURITY.md");
    Set<String> tests = tests();
    assertEquals(List.of(), faults(Files.readString(page), tests));
    Path privacy = Outside.ROOT.resolve("docs/explanation/privacy-model.md");
    assertEquals(List.of(), unknown(Files.readString(privacy), tests));
  }

  @Test
  void findsPromisesWithoutATest() {
    String page = """
        ## What is defended, and against which attacker

        Files are read.

        - A file runs nothing
          at all (`FileTest`, `LostTest`).
        - A file is small.

        Likeness does not defend against these:

        - An attacker with the key.

        ## What counts as a vulnerability

        - A file runs code.

        ## Image files

        - A photo is small.

        ## Files and native code
        """;
    assertEquals(
        List.of(
            "there is no test LostTest",
            "no test is named for: A file is small.",
            "no test is named for: A photo is small.",
            "no promise below: Files and native code"),
        faults(page, Set.of("FileTest")));
  }

  private static List<String> faults(String page, Set<String> tests) {
    List<String> faults = new ArrayList<>(unknown(page, tests));
    for (String heading : PROMISES) {
      String section = Arrays.stream(page.split("(?m)^## "))
          .filter(text -> text.startsWith(heading + "\n"))
          .findFirst()
          .orElse("")
          .split(NOT_PROMISED)[0];
      List<String> promises = Arrays.stream(section.split("(?m)^- "))
          .skip(1)
          .map(text -> text.split("\n\n")[0].strip())
          .toList();
      if (promises.isEmpty()) {
        faults.add("no promise below: " + heading);
      }
      promises.stream()
          .filter(promise -> !TEST.matcher(promise).find())
          .forEach(promise -> faults.add("no test is named for: " + promise));
    }
    return faults;
  }

  private static List<String> unknown(String page, Set<String> tests) {
    return TEST.matcher(page)
        .results()
        .map(match -> match.group(1))
        .distinct()
        .filter(test -> !tests.contains(test))
        .map(test -> "there is no test " + test)
        .toList();
  }

  /** The names of all classes with tests in the checkout. */
  private static Set<String> tests() throws IOException {
    try (Stream<Path> modules = Files.list(Outside.ROOT);
        Stream<Path> integrations = Files.list(Outside.ROOT.resolve("integrations"))) {
      List<Path> folders = Stream.concat(modules, integrations)
          .map(module -> module.resolve("src/test/java"))
          .filter(Files::isDirectory)
          .toList();
      List<Path> files = new ArrayList<>();
      for (Path folder : folders) {
        try (Stream<Path> all = Files.walk(folder)) {
          all.filter(file -> file.toString().endsWith("Test.java")).forEach(files::add);
        }
      }
      assertTrue(files.size() > 100, "too few tests are found: " + files.size());
      List<Path> whole = new ArrayList<>();
      for (Path file : files) {
        if (HAS_TESTS.matcher(Files.readString(file)).find()) {
          whole.add(file);
        }
      }
      return whole.stream()
          .map(file -> file.getFileName().toString().replace(".java", ""))
          .collect(Collectors.toSet());
    }
  }
}
