package dev.likeness.cli.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.cli.Outside;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The manifest of the golden files: {@code tools/goldens/manifest.json}. */
class GoldenManifestTest {
  private static final Path SCRIPTS = Outside.ROOT.resolve("tools/goldens");
  private static final String RESOURCES = "src/test/resources/golden";
  private static final Pattern IMPORT =
      Pattern.compile("^\\s*(?:from|import) (\\w+)", Pattern.MULTILINE);

  private static Map<String, Object> manifest;
  private static Map<?, ?> recipes;

  @BeforeAll
  static void read() throws IOException {
    manifest = JSON.std.mapFrom(Files.readAllBytes(SCRIPTS.resolve("manifest.json")));
    recipes = (Map<?, ?>) manifest.get("recipes");
  }

  private static List<?> list(Map<?, ?> recipe, String key) {
    return recipe.get(key) instanceof List<?> list ? list : List.of();
  }

  private static Stream<Map<?, ?>> all() {
    return recipes.values().stream().map(recipe -> (Map<?, ?>) recipe);
  }

  @Test
  void listsEveryGoldenFileOnceAndNoOther() throws IOException {
    List<String> listed = all()
        .flatMap(recipe -> ((Map<?, ?>) recipe.get("files"))
            .entrySet().stream()
                .flatMap(entry ->
                    ((List<?>) entry.getValue()).stream().map(file -> entry.getKey() + "/" + file)))
        .sorted()
        .toList();
    assertEquals(listed.stream().distinct().toList(), listed, "a file of two recipes");
    List<String> present = new ArrayList<>();
    try (Stream<Path> modules = Files.list(Outside.ROOT)) {
      for (Path module : modules.filter(Files::isDirectory).toList()) {
        Path golden = module.resolve(RESOURCES);
        if (Files.isDirectory(golden)) {
          try (Stream<Path> files = Files.walk(golden)) {
            files
                .filter(Files::isRegularFile)
                .map(file -> module.getFileName() + "/"
                    + golden.relativize(file).toString().replace('\\', '/'))
                .forEach(present::add);
          }
        }
      }
    }
    Set<String> unlisted = new TreeSet<>(present);
    unlisted.removeAll(listed);
    assertEquals(Set.of(), unlisted, "files of no recipe; add them to tools/goldens/manifest.json");
    Set<String> missing = new TreeSet<>(listed);
    missing.removeAll(present);
    assertEquals(Set.of(), missing, "files that are not in the tree");
  }

  @Test
  void saysWhatMakesEachFileAndWithWhat() {
    assertTrue(
        ((Map<?, ?>) manifest.get("pins")).keySet().containsAll(List.of("torch", "diffusers")));
    recipes.forEach((name, value) -> {
      Map<?, ?> recipe = (Map<?, ?>) value;
      for (String key : List.of("makes", "seeds")) {
        assertFalse(String.valueOf(recipe.get(key)).isBlank(), name + ": " + key);
      }
      assertFalse(list(recipe, "run").isEmpty(), name + " runs nothing");
      for (Object needed : list(recipe, "needs")) {
        assertTrue(recipes.containsKey(needed), name + " needs " + needed);
        assertFalse(isNeeded(String.valueOf(needed), name), name + " needs itself");
      }
      for (Object command : list(recipe, "run")) {
        String script = (String) ((List<?>) command).get(0);
        assertTrue(
            script.equals("copy") || Files.isRegularFile(SCRIPTS.resolve(script)),
            name + ": " + script);
      }
    });
  }

  private static boolean isNeeded(String by, Object name) {
    return list((Map<?, ?>) recipes.get(by), "needs").stream()
        .anyMatch(needed -> needed.equals(name) || isNeeded((String) needed, name));
  }

  @Test
  void hasNoScriptThatNothingNeeds() throws IOException {
    Set<String> scripts;
    try (Stream<Path> files = Files.list(SCRIPTS)) {
      scripts = files
          .map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith(".py"))
          .collect(Collectors.toCollection(TreeSet::new));
    }
    String readme = Files.readString(SCRIPTS.resolve("README.md"));
    Set<String> needed = new TreeSet<>();
    for (String script : scripts) {
      IMPORT
          .matcher(Files.readString(SCRIPTS.resolve(script)))
          .results()
          .map((MatchResult found) -> found.group(1) + ".py")
          .forEach(needed::add);
    }
    all()
        .flatMap(recipe -> list(recipe, "run").stream())
        .forEach(command -> needed.add((String) ((List<?>) command).get(0)));
    Set<String> idle = new TreeSet<>(scripts);
    idle.removeAll(needed);
    idle.removeIf(readme::contains);
    assertEquals(Set.of(), idle);
  }
}
