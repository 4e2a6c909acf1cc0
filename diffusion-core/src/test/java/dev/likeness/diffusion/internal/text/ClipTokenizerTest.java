package dev.likeness.diffusion.internal.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.TextualInversion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClipTokenizerTest {
  private static final String TINY = "/golden/sd1/tokenizers/";

  @TempDir
  private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"sd1-published", "sd1-today", "sd2-published", "sd2-today"})
  void equalsTransformersOnHardPrompts(String name) throws IOException {
    assertEqualsReference(tiny(name), "/golden/clip-tokens.json.gz", name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"clip", "sdxl/tokenizer", "sdxl/tokenizer_2"})
  void equalsTransformersWithThePublishedTables(String name) throws IOException {
    assertEqualsReference(
        Material.of("tokenizers/" + name), "/golden/clip-tokens-published.json.gz", name);
  }

  @ParameterizedTest
  @CsvSource({"sdxl/tokenizer,<|endoftext|>", "sdxl/tokenizer_2,!"})
  void hasClipsOwnTablesBuiltIn(String name, String padding) throws IOException {
    assertEqualsReference(
        TokenizerFiles.clip(padding), "/golden/clip-tokens-published.json.gz", name);
  }

  @Test
  void recognisesClipsOwnTables() {
    TokenizerFiles own = TokenizerFiles.clip("!");
    assertTrue(own.sameIdsAsClip("!"));
    assertFalse(own.sameIdsAsClip("<|endoftext|>"));
    String merges = own.text("merges.txt");
    assertFalse(
        with(own, "merges.txt", merges.replace("i n\nt h\n", "t h\ni n\n")).sameIdsAsClip("!"));
    String ids = own.text("vocab.json");
    assertFalse(with(own, "vocab.json", ids.replace(":49407", ":49408")).sameIdsAsClip("!"));
    assertFalse(TokenizerFiles.read(tiny("sd2-published")).sameIdsAsClip("!"));
  }

  private static TokenizerFiles with(TokenizerFiles files, String name, String text) {
    assertNotEquals(files.text(name), text);
    Map<String, String> texts = new HashMap<>(files.texts());
    texts.put(name, text);
    return new TokenizerFiles(files.folder(), texts);
  }

  @Test
  void beginsEndsAndPadsShortPrompts() {
    try (ClipTokenizer tokenizer = ClipTokenizer.open(tiny("sd1-published"))) {
      int[] ids = tokenizer.encode("");
      assertEquals(77, tokenizer.maxLength());
      assertEquals(tokenizer.begin(), ids[0]);
      assertEquals(tokenizer.end(), ids[1]);
      assertEquals(tokenizer.pad(), ids[76]);
      assertEquals(tokenizer.end(), tokenizer.pad());
    }
  }

  @Test
  void padsWithTheExclamationMarkWhereTheFolderSaysSo() {
    try (ClipTokenizer tokenizer = ClipTokenizer.open(tiny("sd2-published"))) {
      assertEquals(0, tokenizer.pad());
      assertEquals(0, tokenizer.encode("")[76]);
    }
  }

  @Test
  void returnsTheTruncatedText() {
    try (ClipTokenizer tokenizer = ClipTokenizer.open(tiny("sd1-published"))) {
      assertEquals("", tokenizer.truncatedText("a ".repeat(75), List.of()));
      assertEquals("b c", tokenizer.truncatedText("a ".repeat(75) + "B C", List.of()));
      List<TextualInversion> words =
          List.of(new TextualInversion("<him>", Map.of(2, new float[150])));
      assertEquals("b <him>", tokenizer.truncatedText("a <him> B", words));
      assertEquals("<him>", tokenizer.truncatedText("a <him>", words));
      assertEquals(tokenizer.end(), tokenizer.encode("a ".repeat(75) + "B C")[76]);
      assertEquals(77, tokenizer.ids("a ".repeat(75) + "B C").length);
    }
  }

  @Test
  void takesHalfASurrogatePairForAnUnknownCharacter() {
    try (ClipTokenizer tokenizer = ClipTokenizer.open(tiny("sd1-published"))) {
      assertArrayEquals(tokenizer.encode("a \ufffd b"), tokenizer.encode("a \ud83d b"));
    }
  }

  @Test
  void givesEveryThreadTheSameIds() {
    try (ClipTokenizer tokenizer = ClipTokenizer.open(tiny("sd1-published"))) {
      IntStream numbers = IntStream.range(0, 200);
      int[][] alone =
          numbers.mapToObj(i -> tokenizer.encode("portrait number " + i)).toArray(int[][]::new);
      numbers = IntStream.range(0, 200).parallel();
      int[][] together =
          numbers.mapToObj(i -> tokenizer.encode("portrait number " + i)).toArray(int[][]::new);
      assertArrayEquals(alone, together);
    }
  }

  @Test
  void answersWithItsNameOnceClosed() {
    Path path = tiny("sd1-published");
    ClipTokenizer tokenizer = ClipTokenizer.open(path);
    tokenizer.close();
    tokenizer.close();
    assertEquals(
        "the tokenizer " + path + " is closed; open it again",
        assertThrows(IllegalStateException.class, () -> tokenizer.encode("a")).getMessage());
  }

  @Test
  void leavesTheSettingsOfDjlAsTheyWere() {
    ClipTokenizer.open(tiny("sd1-published")).close();
    assertNull(System.getProperty("ai.djl.offline"));
    assertNull(System.getProperty("OPT_OUT_TRACKING"));
    assertNull(System.getProperty("RUST_FLAVOR"));
  }

  @Test
  void setsNoSystemPropertyOnceTheLibraryIsLoaded() {
    Path path = tiny("sd1-published");
    ClipTokenizer.open(path).close();
    List<Object> changed = new CopyOnWriteArrayList<>();
    Properties before = System.getProperties();
    Properties recording = new Properties() {
      private static final long serialVersionUID = 1;

      @Override
      public synchronized Object setProperty(String key, String value) {
        changed.add(key);
        return super.setProperty(key, value);
      }
    };
    recording.putAll(before);
    System.setProperties(recording);
    try {
      ClipTokenizer.open(path).close();
    } finally {
      System.setProperties(before);
    }
    assertEquals(List.of(), changed);
  }

  @Test
  void saysThatAFolderHoldsNoTokenizer() {
    refused(folder + " has no tokenizer; expected tokenizer.json, or vocab.json and merges.txt");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]|#version|vocab.json is not a JSON object",
        "{\"a\":\"b\"}|#version|vocab.json: symbol \"a\" has id \"b\", expected a whole number"
            + " from 0; use the tokenizer's files that were published with the model",
        "{\"a\":-1}|#version|vocab.json: symbol \"a\" has id -1, expected a whole number from 0;"
            + " use the tokenizer's files that were published with the model",
        "{\"a\":1}|#version 0.2\\nabc|merges.txt: merge 1 is \"abc\", expected two symbols;"
            + " use the tokenizer's files that were published with the model"
      })
  void refusesBrokenTables(String vocabulary, String merges, String problem) throws IOException {
    Files.writeString(folder.resolve("vocab.json"), vocabulary);
    Files.writeString(folder.resolve("merges.txt"), merges.replace("\\n", "\n"));
    String message = assertThrows(InvalidInputException.class, () -> ClipTokenizer.open(folder))
        .getMessage();
    String expected = folder.resolve(problem).toString();
    assertEquals(expected, message.substring(0, Math.min(message.length(), expected.length())));
  }

  @Test
  void refusesMergesOfSymbolsThatAreNotInTheVocabulary() throws IOException {
    Files.writeString(folder.resolve("vocab.json"), "{\"a\":0,\"b</w>\":1}");
    Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\na b</w>\n");
    refused(folder.resolve("merges.txt")
        + ": merge 1 makes the symbol \"ab</w>\", which is not in the vocabulary;"
        + " use the tokenizer's files that were published with the model");
  }

  @Test
  void refusesATokenizerOfAnotherKind() throws IOException {
    Files.writeString(
        folder.resolve("tokenizer.json"), "{\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}");
    refused(folder.resolve("tokenizer.json")
        + " has no byte-pair encoding; expected \"model\" with \"vocab\" and \"merges\", as in"
        + " CLIP's tokenizer.json; use the tokenizer's files that were published with the model");
  }

  private void refused(String message) {
    assertEquals(
        message,
        assertThrows(InvalidInputException.class, () -> ClipTokenizer.open(folder))
            .getMessage());
  }

  private static void assertEqualsReference(Path path, String golden, String name)
      throws IOException {
    assertEqualsReference(TokenizerFiles.read(path), golden, name);
  }

  private static void assertEqualsReference(TokenizerFiles files, String golden, String name)
      throws IOException {
    Map<String, Object> reference;
    try (InputStream in =
        new GZIPInputStream(ClipTokenizerTest.class.getResourceAsStream(golden))) {
      reference = JSON.std.mapFrom(in);
    }
    Map<?, ?> expected = (Map<?, ?>) ((Map<?, ?>) reference.get("folders")).get(name);
    List<?> prompts = (List<?>) reference.get("prompts");
    try (ClipTokenizer tokenizer = ClipTokenizer.of(files)) {
      assertEquals(expected.get("pad"), tokenizer.pad());
      for (int i = 0; i < prompts.size(); i++) {
        String prompt = (String) prompts.get(i);
        List<Integer> ids = IntStream.of(tokenizer.encode(prompt)).boxed().toList();
        assertEquals(((List<?>) expected.get("ids")).get(i), ids, prompt);
        assertEquals(
            ((List<?>) expected.get("cut")).get(i),
            tokenizer.truncatedText(prompt, List.of()),
            prompt);
      }
    }
  }

  @Test
  void refusesKnownWordsThatAreNoWords() throws IOException {
    Path config = tiny("sd1-published").resolve("tokenizer_config.json");
    for (String wrong : List.of("7", "{}", "\"cat\"", "[\"cat\", 7]", "[\"a cat\"]", "[\"\"]")) {
      Files.writeString(config, "{\"known_words\": " + wrong + "}");
      assertTrue(
          assertThrows(
                  InvalidInputException.class, () -> ClipTokenizer.open(config.getParent()), wrong)
              .getMessage()
              .matches("\\Q" + config + ": option \"known_words\" is \\E.*\\Q, expected a list of"
                  + " words, each of letters only; correct it or remove it\\E"),
          wrong);
    }
  }

  @Test
  void knowsEveryWordWithoutADeclaration() {
    try (ClipTokenizer tokenizer = ClipTokenizer.open(tiny("sd1-published"))) {
      assertEquals(
          List.of(), tokenizer.unknownWords("zebra on mars", PromptSyntax.PLAIN, List.of()));
    }
  }

  private Path tiny(String name) {
    List<String> files = name.endsWith("published")
        ? List.of("vocab.json", "merges.txt", "special_tokens_map.json")
        : List.of("tokenizer.json");
    for (String file : files) {
      GoldenResource.copy(TINY + name + "/" + file, folder.resolve(name).resolve(file));
    }
    GoldenResource.copy(
        TINY + name + "/tokenizer_config.json",
        folder.resolve(name).resolve("tokenizer_config.json"));
    return folder.resolve(name);
  }
}
