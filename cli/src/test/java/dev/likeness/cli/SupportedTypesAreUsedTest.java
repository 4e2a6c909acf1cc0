package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A supported type has a user: a page, an example, an integration, the command or the example of a
 * package names it, or the signature of a type that has one. Every other type is internal.
 */
class SupportedTypesAreUsedTest {
  private static final Pattern TYPE = Pattern.compile(
      "public (?:\\w+ )*(?:class|record|interface|enum|@interface) ((?:[a-z0-9]+\\.)+\\w+).*");
  private static final Pattern NAME =
      Pattern.compile("dev\\.likeness\\.(?:[a-z0-9]+\\.)*([A-Z]\\w*)");
  private static final Pattern WORD = Pattern.compile("\\b[A-Z]\\w*");
  private static final Pattern USER =
      Pattern.compile("README\\.md|docs/.*\\.md|examples/(?!.*/src/test/).*\\.(?:java|jsh)"
          + "|integrations/[^/]+/src/main/.*\\.java|cli/src/main/.*\\.java"
          + "|[^/]+/src/main/java/.*/package-info\\.java");
  private static final Pattern PACKAGE_EXAMPLE = Pattern.compile("(?s)<pre>.*?</pre>");

  @Test
  void everyTypeHasAUser() throws IOException {
    Map<String, String> signatures = new TreeMap<>();
    for (String module : SupportedApiTest.MODULES) {
      signatures.putAll(
          signatures(Files.readAllLines(Outside.ROOT.resolve("api").resolve(module + ".txt"))));
    }
    assertTrue(signatures.size() > 200, signatures.keySet()::toString);
    Set<String> unused = unused(signatures, words());
    assertEquals(Set.of(), unused, "make these types internal, or show them in a page or example");
  }

  @Test
  void findsTypesWithoutAUser() {
    Map<String, String> signatures = signatures(List.of(
        "public final class dev.likeness.a.Named",
        "  public dev.likeness.a.b.Returned of(int)",
        "",
        "public record dev.likeness.a.b.Returned(java.util.List<dev.likeness.c.Part> parts)",
        "",
        "public static interface dev.likeness.a.b.Returned.Inner",
        "  public dev.likeness.c.OfInner inner()",
        "",
        "public record dev.likeness.c.Part(int size)",
        "",
        "public enum dev.likeness.c.OfInner",
        "",
        "public final class dev.likeness.c.Alone",
        "  public dev.likeness.c.Alone and(dev.likeness.c.Friend)",
        "",
        "public interface dev.likeness.c.Friend"));
    assertEquals(Set.of("Alone", "Friend"), unused(signatures, Set.of("Named", "Nothing")));
    assertEquals(
        Set.of("Named", "Returned", "Part", "OfInner"), unused(signatures, Set.of("Alone")));
  }

  /** The lines of each top-level type and of the types inside it, by its simple name. */
  private static Map<String, String> signatures(List<String> api) {
    Map<String, String> all = new LinkedHashMap<>();
    String current = "";
    for (String line : api) {
      Matcher type = TYPE.matcher(line);
      if (type.matches()) {
        Matcher name = NAME.matcher(type.group(1));
        assertTrue(name.lookingAt(), line);
        current = name.group(1);
      }
      all.merge(current, line + "\n", String::concat);
    }
    all.remove("");
    return all;
  }

  private static Set<String> unused(Map<String, String> signatures, Collection<String> named) {
    Set<String> used = new HashSet<>(signatures.keySet());
    used.retainAll(new HashSet<>(named));
    for (int before = -1; before != used.size(); ) {
      before = used.size();
      for (String name : List.copyOf(used)) {
        NAME.matcher(signatures.get(name))
            .results()
            .map(found -> found.group(1))
            .forEach(used::add);
      }
      used.retainAll(signatures.keySet());
    }
    Set<String> rest = new TreeSet<>(signatures.keySet());
    rest.removeAll(used);
    return rest;
  }

  /** The words with a capital letter in all texts of users. */
  private static Set<String> words() throws IOException {
    Set<String> words = new HashSet<>();
    List<String> tops =
        new ArrayList<>(List.of("README.md", "docs", "examples", "integrations", "cli/src/main"));
    SupportedApiTest.MODULES.forEach(module -> tops.add(module + "/src/main/java"));
    for (String top : tops) {
      try (Stream<Path> files = Files.walk(Outside.ROOT.resolve(top))) {
        for (Path file : files.filter(SupportedTypesAreUsedTest::isOfAUser).toList()) {
          WORD.matcher(text(file)).results().forEach(word -> words.add(word.group()));
        }
      }
    }
    return words;
  }

  private static String text(Path file) throws IOException {
    String text = Files.readString(file);
    return file.endsWith("package-info.java")
        ? PACKAGE_EXAMPLE
            .matcher(text)
            .results()
            .map(MatchResult::group)
            .collect(Collectors.joining("\n"))
        : text;
  }

  private static boolean isOfAUser(Path file) {
    String path = Outside.ROOT.relativize(file).toString().replace('\\', '/');
    return USER.matcher(path).matches() && Files.isRegularFile(file);
  }
}
