package dev.likeness.diffusion.internal.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenResource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class T5TokenizerTest {
  private static final String ROOT = "/golden/t5/";

  @Test
  void givesTransformersIdsFromTokenizerJson(@TempDir Path folder) throws IOException {
    copy("today/tokenizer.json", folder.resolve("tokenizer.json"));
    givesTransformersIds(folder);
  }

  @Test
  void givesTransformersIdsFromTheSentencePieceModel(@TempDir Path folder) throws IOException {
    copy("published/spiece.model", folder.resolve("spiece.model"));
    givesTransformersIds(folder);
  }

  private static void givesTransformersIds(Path folder) throws IOException {
    try (T5Tokenizer tokenizer = T5Tokenizer.open(folder);
        InputStream in = new GZIPInputStream(
            T5TokenizerTest.class.getResourceAsStream(ROOT + "tokens.json.gz"))) {
      for (Object entry : JSON.std.listFrom(in)) {
        Map<?, ?> golden = (Map<?, ?>) entry;
        int[] own =
            ((List<?>) golden.get("ids")).stream().mapToInt(id -> (Integer) id).toArray();
        int length = (Integer) golden.get("length");
        assertArrayEquals(
            Arrays.copyOf(own, length),
            tokenizer.encode((String) golden.get("text"), length),
            golden.toString());
      }
    }
  }

  /** A folder of the generic class keeps the steps of its own file, as in transformers. */
  @ParameterizedTest
  @CsvSource({"PreTrainedTokenizerFast, true", "TokenizersBackend, false", "T5TokenizerFast, false"
  })
  void keepsTheStepsOfAGenericFolder(String named, boolean inConfig, @TempDir Path folder)
      throws IOException {
    Path file = folder.resolve("tokenizer.json");
    copy("today/tokenizer.json", file);
    Map<String, Object> whole = JSON.std.mapFrom(Files.readAllBytes(file));
    if (inConfig) {
      Files.writeString(
          folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\":\"" + named + "\"}");
    }
    int changed = 0;
    for (Object entry : (List<?>) goldenOf("generic").get("cases")) {
      Map<?, ?> golden = (Map<?, ?>) entry;
      Map<String, Object> document = new LinkedHashMap<>(whole);
      ((Map<?, ?>) golden.get("steps"))
          .forEach((name, step) -> document.put((String) name, withOwn(step, whole)));
      Files.write(file, JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES).asBytes(document));
      int length = (Integer) golden.get("length");
      int[] ids =
          ((List<?>) golden.get("ids")).stream().mapToInt(id -> (Integer) id).toArray();
      try (T5Tokenizer tokenizer = T5Tokenizer.open(folder, inConfig ? null : named)) {
        int[] own = tokenizer.encode((String) golden.get("text"), length);
        if (named.startsWith("T5")) {
          changed += Arrays.equals(Arrays.copyOf(ids, length), own) ? 0 : 1;
        } else {
          assertArrayEquals(Arrays.copyOf(ids, length), own, golden.toString());
        }
      }
    }
    assertEquals(named.startsWith("T5"), changed > 20, "T5's own class keeps T5's steps");
  }

  private static Object withOwn(Object step, Map<String, Object> whole) {
    if (step instanceof Map<?, ?> map) {
      Map<String, Object> copy = new LinkedHashMap<>();
      map.forEach((name, value) -> copy.put((String) name, withOwn(value, whole)));
      return copy;
    }
    if (step instanceof List<?> list) {
      return list.stream().map(each -> withOwn(each, whole)).toList();
    }
    return "own".equals(step) ? whole.get("normalizer") : step;
  }

  private static Map<String, Object> goldenOf(String name) throws IOException {
    try (InputStream in =
        new GZIPInputStream(T5TokenizerTest.class.getResourceAsStream(ROOT + name + ".json.gz"))) {
      return JSON.std.mapFrom(in);
    }
  }

  /** Steps that the native library may not survive, or that take too long, are refused. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(a+)+b\"},\"content\":\"\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"x\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\",\"Regex\":\" \"},\"content\":\"\"}",
        "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"BAAAAAAAAAB4\"}",
        "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"*\"}",
        "{\"type\":\"ByteLevel\"}",
        "{\"type\":\"\\u001b[1m\"}",
        "7"
      })
  void refusesStepsOfAGenericFolder(String step, @TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    copy("today/tokenizer.json", file);
    Map<String, Object> document = new LinkedHashMap<>(JSON.std.mapFrom(Files.readAllBytes(file)));
    document.put("normalizer", "STEP");
    String text = JSON.std.asString(document);
    for (String each : List.of(step, "{\"type\":\"Sequence\",\"normalizers\":[" + step + "]}")) {
      Files.writeString(file, text.replace("\"STEP\"", each));
      String said = assertThrows(
              InvalidInputException.class,
              () -> T5Tokenizer.open(folder, "PreTrainedTokenizerFast").close())
          .getMessage();
      assertEquals(1, said.lines().count(), said);
      assertTrue(said.startsWith(file + ": the normalizer"), said);
      assertFalse(said.contains("\u001b"), said);
    }
  }

  @Test
  void returnsTheTruncatedText(@TempDir Path folder) throws IOException {
    copy("published/spiece.model", folder.resolve("spiece.model"));
    try (T5Tokenizer tokenizer = T5Tokenizer.open(folder)) {
      assertEquals("", tokenizer.truncatedText("red hair", 512));
      assertEquals(
          "glasses",
          tokenizer.truncatedText(
              "red hair and glasses", 1 + tokenizer.ids("red hair and").length));
    }
  }

  @Test
  void saysWhatAFolderWithoutATokenizerLacks(@TempDir Path folder) {
    InvalidInputException e =
        assertThrows(InvalidInputException.class, () -> T5Tokenizer.open(folder));
    assertEquals(
        folder + " has no T5 tokenizer; expected tokenizer.json or spiece.model", e.getMessage());
  }

  @Test
  void refusesDamagedModelsInOneLine(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("spiece.model");
    copy("published/spiece.model", file);
    byte[] whole = Files.readAllBytes(file);
    Random random = new Random(5);
    for (int i = 0; i < 300; i++) {
      byte[] damaged = Arrays.copyOf(whole, 1 + random.nextInt(6000));
      for (int j = 0; j < 1 + random.nextInt(4); j++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      Files.write(file, damaged);
      try {
        SentencePieceModel.read(file);
      } catch (InvalidInputException e) {
        assertEquals(1, e.getMessage().lines().count());
      }
    }
  }

  private static void copy(String resource, Path to) {
    GoldenResource.copy(ROOT + resource, to);
  }
}
