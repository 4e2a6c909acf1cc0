package dev.likeness.studio.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The types of the pages, as a native TypeScript checker reads them from their comments. */
class TypesTest {
  private static final Path PAGES =
      Path.of("../src/main/resources/dev/likeness/studio/page").normalize();
  private static final Path TYPES = Path.of("src/test/types");

  @TempDir
  private Path folder;

  private Path pages;
  private TypeScript checker;

  /** Copies the pages, with types in place of the libraries. */
  @BeforeEach
  void copy() throws Exception {
    checker = TypeScript.open();
    pages = folder.resolve("pages");
    Files.createDirectories(pages.resolve("vendor"));
    copy(PAGES, ".js", pages);
    copy(TYPES, ".module.d.ts", pages.resolve("vendor"));
    copy(TYPES, "answers.d.ts", pages);
    copy(TYPES, ".json", pages);
  }

  private static void copy(Path from, String ending, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file :
          files.filter(one -> one.getFileName().toString().endsWith(ending)).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  @Test
  void fit() throws Exception {
    assertEquals("", checker.check(pages));
  }

  @Test
  void findsWrongFieldsTextsAndMissingValuesAndTypes() throws Exception {
    Path train = pages.resolve("train.js");
    String source = Files.readString(train);
    Map<String, String> mistakes = Map.of(
        "data.photos === 0", "data.fotos === 0",
        "t('train.lead')", "t('train.leat')",
        "bytes(one.memory_bytes ?? 0)", "bytes(one.memory_bytes)",
        "/** @param {string} phase */", "");
    for (Map.Entry<String, String> mistake : mistakes.entrySet()) {
      assertTrue(source.contains(mistake.getKey()), mistake.getKey());
      Files.writeString(train, source.replace(mistake.getKey(), mistake.getValue()));
      String found = checker.check(pages);
      assertTrue(found.startsWith("train.js("), mistake.getValue() + ": " + found);
    }
  }

  /** An answer that has a field without a type, or a value of another type, is found. */
  @Test
  void areThoseOfTheAnswersOfTheServer() throws Exception {
    Map<String, Object> answers = new LinkedHashMap<>();
    try (OpenStudio studio = OpenStudio.onPortrait(folder)) {
      String fresh = "/api/people/" + studio.addSample(3);
      answers.put("PhotosAnswer", studio.get(fresh + "/photos"));
      answers.put("TrainingAnswer", studio.get(fresh + "/training"));
      String person = "/api/people/" + studio.addShot(1);
      String image = person + "/images/1/edits";
      studio.post(image, Map.of("action", "start", "backdrop", "a plain red wall"));
      Browser.await(() -> "none".equals(studio.get(image).get("state")), "the edit");
      studio.post(
          "/api/playground",
          Map.of("action", "start", "prompt", "a woman", "steps", 1, "count", 1));
      Browser.await(
          () -> "done".equals(((Map<?, ?>) studio.get("/api/playground").get("grid")).get("state")),
          "the grid");
      answers.put("StudioAnswer", studio.get("/api/studio"));
      answers.put("PeopleAnswer", studio.get("/api/people"));
      answers.put("Person", studio.get(person));
      answers.put("StylesAnswer", studio.get("/api/styles"));
      Map<String, Object> shoots = studio.get(person + "/shoots");
      answers.put("ShootsAnswer", shoots);
      Object shoot = ((Map<?, ?>) ((List<?>) shoots.get("shoots")).get(0)).get("id");
      answers.put("ShootAnswer", studio.get(person + "/shoots/" + shoot));
      answers.put("EditsAnswer", studio.get(image));
      answers.put("ModelsAnswer", studio.get("/api/models"));
      answers.put("PlaygroundAnswer", studio.get("/api/playground"));
      answers.put("SigmasAnswer", studio.get("/api/playground/sigmas?steps=3"));
    }
    StringBuilder source = new StringBuilder();
    for (Map.Entry<String, Object> answer : answers.entrySet()) {
      source.append("export const of").append(answer.getKey()).append(": ").append(answer.getKey());
      source.append(" = ").append(JSON.std.asString(answer.getValue())).append(";\n");
    }
    Files.writeString(pages.resolve("answers-check.ts"), source, StandardCharsets.UTF_8);
    assertEquals("", checker.check(pages));
  }
}
