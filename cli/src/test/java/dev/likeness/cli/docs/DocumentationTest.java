package dev.likeness.cli.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.Outside;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What pages show compiles and parses, their links lead somewhere, and they are short. */
class DocumentationTest {
  private final PageRules rules = new PageRules(Outside.ROOT);

  @Test
  void javaBlocksCompile() {
    assertNone(new JavaSnippets(Outside.ROOT)::faults);
  }

  @Test
  void javaBlocksWorkInJShell() {
    assertNone(rules::chains);
    String page = """
        ```java
        int n = List.of(1)
            .size();
        try (Stream<String> all = Stream.of("(")) {
          all.map(String::length)
              .toList();
        }
        ```
        """;
    assertEquals(
        List.of("docs/page.md:3: the line before is complete for JShell"),
        rules.chains(new MarkdownPage("docs/page.md", page)));
  }

  @Test
  void linesOfTheCommandParse() {
    assertNone(rules::commands);
  }

  @Test
  void linksLeadSomewhere() {
    assertNone(rules::links);
  }

  @Test
  void linesAreShort() {
    assertNone(rules::wideLines);
  }

  @Test
  void decisionsAreNumberedWithoutGaps() {
    assertEquals(List.of(), rules.numbers(rules.pages()));
  }

  @Test
  void pagesThatSourcesNameExist() throws IOException {
    List<String> faults = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Outside.ROOT)) {
      for (Path file : files.filter(DocumentationTest::isSource).sorted().toList()) {
        String path = Outside.ROOT.relativize(file).toString().replace('\\', '/');
        faults.addAll(rules.mentions(path, Files.readString(file)));
      }
    }
    assertEquals(
        List.of("A.java: docs/nothing.md does not exist"),
        rules.mentions("A.java", "/** See docs/architecture.md and {@code docs/nothing.md}. */"));
    assertTrue(faults.isEmpty(), faults.size() + " faults:\n" + String.join("\n", faults));
  }

  private static boolean isSource(Path file) {
    String path = Outside.ROOT.relativize(file).toString().replace('\\', '/');
    return path.matches(
            "(?!.*/target/)(?!cli/src/test/java/dev/likeness/cli/docs/).*\\.(java|py|sh|jsh|xml)")
        || path.matches("(cli|examples)/bin/[^/]+");
  }

  @Test
  void findsJavaThatDoesNotCompile() {
    String page = """
        # Page
        ```java
        ImageRequest portrait = ImageRequest.of("a portrait");
        ```
        ```java
        base.generate(portrait);
        base.gererate(portrait);
        ```
        ```java
        import java.math.BigInteger;

        System.out.println(BigInteger.ONE.add(photos));
        ```
        ```java
        public class Whole {
          void run(Nothing nothing) {}
        }
        ```
        """;
    List<String> faults =
        new JavaSnippets(Outside.ROOT).faults(new MarkdownPage("docs/page.md", page));
    assertEquals(3, faults.size(), faults::toString);
    assertTrue(faults.get(0).startsWith("docs/page.md:7: "), faults::toString);
    assertTrue(faults.get(0).contains("gererate"), faults::toString);
    assertTrue(faults.get(1).startsWith("docs/page.md:12: "), faults::toString);
    assertTrue(faults.get(2).startsWith("docs/page.md:16: "), faults::toString);
  }

  @Test
  void findsLinesThatDoNotParse() {
    String page = """
        ```sh
        ./likeness generate --prompt "two words" --steps N \\
          --out out > log.txt # a comment
        LIKENESS_JAVA_OPTIONS=-Xmx1g ./likeness doctor | grep cpu
        ./likeness generate --promt x --out out
        ./likeness generate --prompt x --steps many --out out
        ls out && likeness nothing
        ```
        ```text
        ./likeness nothing
        ```
        """;
    List<String> faults = rules.commands(new MarkdownPage("docs/page.md", page));
    assertEquals(3, faults.size(), faults::toString);
    assertTrue(faults.get(0).startsWith("docs/page.md:5: "), faults::toString);
    assertTrue(faults.get(0).contains("--promt"), faults::toString);
    assertTrue(faults.get(1).startsWith("docs/page.md:6: "), faults::toString);
    assertTrue(faults.get(2).startsWith("docs/page.md:7: "), faults::toString);
  }

  @Test
  void findsLinksAndWideLines(@TempDir Path folder) throws IOException {
    Files.createDirectories(folder.resolve("docs/decisions"));
    Files.writeString(folder.resolve("README.md"), "# A `name` (here)\n");
    Files.writeString(folder.resolve("docs/decisions/0002-b.md"), "# B\n");
    Files.writeString(folder.resolve("docs/page.md"), """
        # Page
        [good](../README.md#a-name-here) [self](#page) [web](https://example.org/x) `[code](gone.md)`
        [gone](gone.md) [anchor](../README.md#gone) [out](../../secret.md)
        | table | %s |
        ![alone](%s)
        %s
        """.formatted(
            "x".repeat(120), "../README.md" + "?" + "x".repeat(120), "word ".repeat(25)));
    PageRules here = new PageRules(folder);
    MarkdownPage page = here.pages().stream()
        .filter(one -> one.path().equals("docs/page.md"))
        .findFirst()
        .orElseThrow();
    assertEquals(
        List.of(
            "docs/page.md: gone.md does not exist",
            "docs/page.md: ../README.md#gone is no heading of README.md",
            "docs/page.md: ../../secret.md does not exist"),
        here.links(page).subList(0, 3));
    assertEquals(List.of("docs/page.md: over 120 columns in lines [6]"), here.wideLines(page));
    assertEquals(
        List.of("docs/decisions/0002-b.md: its number should be 0001"), here.numbers(here.pages()));
  }

  /** Fails with all that is wrong with any page. */
  private void assertNone(Function<MarkdownPage, List<String>> rule) {
    List<String> faults = new ArrayList<>();
    rules.pages().forEach(page -> faults.addAll(rule.apply(page)));
    assertTrue(faults.isEmpty(), faults.size() + " faults:\n" + String.join("\n", faults));
  }
}
