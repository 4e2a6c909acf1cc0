package dev.likeness.diffusion.internal.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.fuzz.ForkedFuzz;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.internal.text.SentencePieceModel.CharacterMap;
import dev.likeness.diffusion.material.Material;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Faults of a tokenizer are found in Java, before the native library parses it. */
class BrokenTokenizerTest {
  private static final String TEXT = "a photo of the old woman ﬁne ½ é 漢字 🙂 \u0007";

  @TempDir
  private Path folder;

  static Stream<Arguments> broken() {
    String damaged = "the normalizer's precompiled_charsmap is damaged";
    return Stream.of(
        Arguments.of("piece 30 \"\" has 0 characters", with(List.of("", 5.0))),
        Arguments.of("piece 30 \"zz", with(List.of("z".repeat(257), -1.0))),
        Arguments.of("piece 30 \"h\" occurs twice", with(List.of("h", -2.0))),
        Arguments.of("piece 30 \"hh\" has the score 1.0E308", with(List.of("hh", 1e308))),
        Arguments.of("has the score -1.0E308", with(List.of("hh", -1e308))),
        Arguments.of("has the score Infinity", "{\"model\":{\"vocab\":[[\"a\",1e999]]}}"),
        Arguments.of("piece 30 is \"[7, 7]\"", with(List.of(7, 7))),
        Arguments.of("piece 30 is \"[\\u001b[1m]\"", with(List.of("\u001b[1m"))),
        Arguments.of("has too few pieces (2)", json(pieces().subList(0, 2), null, List.of())),
        Arguments.of("has no piece \"</s>\"", json(pieces().subList(2, 9), null, List.of())),
        Arguments.of("the added token \"\" is empty", json(pieces(), null, List.of(added(3, "")))),
        Arguments.of(
            "is empty, too long, duplicate or incomplete",
            json(pieces(), null, List.of(Map.of("id", 3)))),
        Arguments.of(
            "token \"q\" is empty, too long, duplicate",
            json(pieces(), null, List.of(added(3, "q"), added(4, "q")))),
        Arguments.of("duplicate or incomplete", json(pieces(), null, List.of(added(-3, "q")))),
        Arguments.of(
            "duplicate or incomplete", json(pieces(), null, List.of(added(1, "q".repeat(1025))))),
        Arguments.of("is not base 64", json(pieces(), "*", List.of())),
        Arguments.of("the normalizer changes the added token \"bab\"", normalized("bab")),
        Arguments.of(damaged, map("", "x")),
        // The size of the trie: none, not of whole units, more than there is, near 2^32.
        Arguments.of(damaged, json(pieces(), base64(new byte[] {0, 0, 0, 0, 'x'}), List.of())),
        Arguments.of(damaged, json(pieces(), base64(new byte[] {3, 0, 0, 0, 1, 2, 3}), List.of())),
        Arguments.of(
            damaged, json(pieces(), base64(new byte[] {8, 0, 0, 0, 1, 2, 3, 4}), List.of())),
        Arguments.of(
            damaged, json(pieces(), base64(new byte[] {-4, -1, -1, -1, 'x', 'x'}), List.of())),
        Arguments.of(
            damaged, json(pieces(), base64(new byte[] {4, 0, 0, 0, 0, 0, 0, 0}), List.of())),
        // Units that lead out of the trie, and out of the replacements.
        Arguments.of(damaged, map(units(255), "x")),
        Arguments.of(damaged, map(units(256, 0, 1 << 30), "x")),
        Arguments.of(damaged, map(units(256, 'a', 'a' | 1 << 8 | 1 << 29), "x")),
        Arguments.of(damaged, map(leaf(5), "abc")),
        Arguments.of(damaged, map(leaf(1), "é")),
        Arguments.of(damaged, map(leaf(0), "x".repeat(257))));
  }

  private static List<List<Object>> pieces() {
    List<List<Object>> pieces = new ArrayList<>();
    for (String special : List.of("<pad>", "</s>", "<unk>")) {
      pieces.add(List.of(special, 0.0));
    }
    for (char c = 'a'; c <= 'z'; c++) {
      pieces.add(List.of(String.valueOf(c), -1.0));
    }
    pieces.add(List.of("\u2581", -2.0));
    return pieces;
  }

  private static String with(List<Object> piece) {
    List<List<Object>> pieces = pieces();
    pieces.add(piece);
    return json(pieces, null, List.of());
  }

  private static Map<String, Object> added(int id, String content) {
    Map<String, Object> token = new LinkedHashMap<>(Map.of("id", id, "content", content));
    for (String flag : List.of("special", "single_word", "lstrip", "rstrip", "normalized")) {
      token.put(flag, false);
    }
    return token;
  }

  private static String json(List<List<Object>> pieces, String map, List<?> added) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("model", Map.of("type", "Unigram", "unk_id", 2, "vocab", pieces));
    document.put("added_tokens", added);
    if (map != null) {
      document.put("normalizer", Map.of("type", "Precompiled", "precompiled_charsmap", map));
    }
    try {
      return JSON.std.asString(document);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String base64(byte[] map) {
    return Base64.getEncoder().encodeToString(map);
  }

  // A trie of one block, whose units follow as place and unit.
  private static int[] units(int count, int... placed) {
    int[] units = new int[count];
    for (int i = 0; i < placed.length; i += 2) {
      units[placed[i]] = placed[i + 1];
    }
    return units;
  }

  // "a" is replaced by the text at that place: its unit leads to unit 1, which is a leaf.
  private static int[] leaf(int place) {
    int offset = 'a' ^ 1;
    return units(256, 'a', 'a' | 1 << 8 | offset << 10, 1, 1 << 31 | place);
  }

  private static String map(String units, String texts) {
    return json(pieces(), base64((units + texts).getBytes(StandardCharsets.UTF_8)), List.of());
  }

  private static String map(int[] units, String texts) {
    return map(units, texts, List.of());
  }

  private static String map(int[] units, String texts, List<?> added) {
    byte[] text = texts.getBytes(StandardCharsets.UTF_8);
    ByteBuffer map = ByteBuffer.allocate(4 + 4 * units.length + text.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(4 * units.length);
    for (int unit : units) {
      map.putInt(unit);
    }
    return json(pieces(), base64(map.put(text).array()), added);
  }

  // The map replaces "a" by nothing.
  private static String normalized(String content) {
    Map<String, Object> token = added(30, content);
    token.put("normalized", true);
    return map(leaf(0), "\0", List.of(token));
  }

  @ParameterizedTest
  @MethodSource("broken")
  void refusesTablesThatTheNativeLibraryWouldNotSurvive(String fault, String json)
      throws IOException {
    Path file = Files.writeString(folder.resolve("tokenizer.json"), json);

    String message = assertThrows(InvalidInputException.class, () -> T5Tokenizer.open(folder))
        .getMessage();

    assertTrue(message.startsWith(file.toString()) && message.contains(fault), message);
    assertEquals(1, message.lines().count());
    assertTrue(message.chars().noneMatch(Character::isISOControl), message);
  }

  @Test
  void followsACharacterMapOfItsOwn() throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), normalized("xyz"));
    try (T5Tokenizer tokenizer = T5Tokenizer.open(folder)) {
      assertEquals("xyz", tokenizer.truncatedText("axyza", 1).strip());
    }
    Files.writeString(folder.resolve("tokenizer.json"), map(leaf(0), "bcd\0"));
    try (T5Tokenizer tokenizer = T5Tokenizer.open(folder)) {
      assertEquals("bcd z", tokenizer.truncatedText("a z", 1));
    }
  }

  @Test
  void refusesAnIdBeyondTheRowsOfATextEncoder() throws IOException {
    Path file = Files.writeString(
        folder.resolve("tokenizer.json"),
        json(pieces(), null, List.of(added(0, "<pad>"), added(30, "new"), added(31, "two"))));
    try (T5Tokenizer tokenizer = T5Tokenizer.open(folder)) {
      int[] ids = tokenizer.ids("hat new");
      tokenizer.requireRows(ids, 31);
      tokenizer.requireRows(ids, 30_000);
      assertEquals(
          file
              + ": the token \"new\" has the id 30, but the text encoder has only 30 rows; give the"
              + " tokenizer that the text encoder was trained with, or leave the token out of the"
              + " prompt",
          assertThrows(InvalidInputException.class, () -> tokenizer.requireRows(ids, 30))
              .getMessage());
    }
  }

  @Test
  void refusesBrokenSpecialTokensOfBytePairCodes() throws IOException {
    GoldenResource.copy(
        "/golden/sd1/tokenizers/sd1-today/tokenizer.json", folder.resolve("tokenizer.json"));
    Path config = folder.resolve("tokenizer_config.json");
    for (String id : List.of("x", "-1", "99999999999", "1.5")) {
      Files.writeString(
          config, "{\"added_tokens_decoder\": {\"" + id + "\": {\"content\": \"q\"}}}");
      assertEquals(
          config + ": an added token has the id \"" + id + "\", expected a whole number from 0;"
              + " use the tokenizer's files that were published with the model",
          assertThrows(InvalidInputException.class, () -> ClipTokenizer.open(folder))
              .getMessage());
    }
    Files.writeString(config, "{\"pad_token\": \"\"}");
    assertThrows(InvalidInputException.class, () -> ClipTokenizer.open(folder));
    Files.writeString(config, "{}");
    Files.writeString(folder.resolve("added_tokens.json"), "{\"q\": \"x\"}");
    assertThrows(InvalidInputException.class, () -> ClipTokenizer.open(folder));
  }

  @Test
  void refusesADocumentThatTheNativeLibraryCannotParse() {
    Map<String, Object> document =
        Map.of("added_tokens", List.of(), "model", Map.of("type", "Unheard"));
    InvalidInputException refused = assertThrows(
        InvalidInputException.class, () -> NativeTokenizer.build("tokenizer.json", document));
    assertTrue(
        refused.getMessage().startsWith("tokenizer.json is not a usable tokenizer: \"")
            && refused
                .getMessage()
                .endsWith("; use the tokenizer's files that were published with the model"),
        refused.getMessage());
  }

  @Test
  void refusesIdsBeyondTheTextEncodersTable() throws IOException {
    Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\n");
    Files.writeString(
        folder.resolve("vocab.json"),
        "{\"a\":0,\"b</w>\":900,\"<|startoftext|>\":1,\"<|endoftext|>\":2}");
    try (ClipTokenizer tokenizer = ClipTokenizer.open(folder)) {
      int[] ids = tokenizer.ids("b");
      tokenizer.requireRows(ids, 901);
      assertThrows(InvalidInputException.class, () -> tokenizer.requireRows(ids, 900));
    }
    Files.writeString(folder.resolve("vocab.json"), "{\"\":0,\"<|endoftext|>\":2}");
    assertTrue(assertThrows(InvalidInputException.class, () -> ClipTokenizer.open(folder))
        .getMessage()
        .contains("has an empty symbol"));
  }

  @Test
  void opensPublishedTokenizers() {
    for (String name : List.of("t5", "t5_flux")) {
      try (T5Tokenizer tokenizer = T5Tokenizer.open(Material.of("tokenizers/" + name))) {
        tokenizer.requireRows(tokenizer.encode(TEXT + "<extra_id_0>", 64), 32_100);
      }
    }
    for (String name : List.of("tokenizer", "tokenizer_2")) {
      try (ClipTokenizer tokenizer = ClipTokenizer.open(Material.of("tokenizers/sdxl/" + name))) {
        tokenizer.requireRows(tokenizer.encode(TEXT), 49_408);
      }
    }
  }

  @Test
  void namesAParsersLimit() throws IOException {
    Path file = Files.writeString(folder.resolve("tokenizer.json"), "{\"a\":" + "[".repeat(2000));
    String message = assertThrows(InvalidInputException.class, () -> T5Tokenizer.open(folder))
        .getMessage();
    assertTrue(message.startsWith(file + " is not a JSON object: Document nesting depth"), message);
  }

  @Test
  void changedCharacterMapsAreRefusedOrFollowed() throws IOException, InterruptedException {
    ForkedFuzz.run(Maps.class, 0, 75, 0.05, 0.05);
  }

  @Test
  @Tag("slow")
  void manyChangedCharacterMapsAreRefusedOrFollowed() throws IOException, InterruptedException {
    ForkedFuzz.run(Maps.class, 75, 5075, 0.05, 0.05);
  }

  /**
   * A changed character map, for each seed: the native library ends the process on a broken one.
   */
  static final class Maps implements ForkedFuzz.Cases {
    private Path own;
    private byte[] whole;

    @Override
    public void open(Path folder) {
      own = folder;
      Path golden = folder.resolve("spiece.model");
      GoldenResource.copy("/golden/t5/published/spiece.model", golden);
      whole = SentencePieceModel.read(golden).normalizer();
      new CharacterMap("the golden", whole).check();
    }

    @Override
    public boolean used(int seed) throws IOException {
      Random random = ForkedFuzz.random(seed);
      int units = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getInt() / 4;
      byte[] map = whole.clone();
      // Units at the beginning are those that texts reach.
      int at = 4 * (1 + random.nextInt(random.nextBoolean() ? 256 : units)) + random.nextInt(4);
      map[at] ^= (byte) (1 << random.nextInt(8));
      Files.writeString(own.resolve("tokenizer.json"), json(pieces(), base64(map), List.of()));
      try (T5Tokenizer tokenizer = T5Tokenizer.open(own)) {
        tokenizer.ids(TEXT);
        return true;
      } catch (InvalidInputException e) {
        assertTrue(e.getMessage().contains("damaged"), e.getMessage());
        return false;
      }
    }
  }

  /** Each takes the place of a file in the folder of a small model. */
  @Test
  void refusesTheAttacksOnT5() throws IOException {
    Path cases = cases();
    Assumptions.assumeTrue(cases != null, "skipped: there is no ../shared/cases");
    GoldenResource.copy(
        "/golden/t5/today/tokenizer_config.json", folder.resolve("tokenizer_config.json"));
    try (Stream<Path> all = Files.list(cases)) {
      for (Path attack :
          all.filter(f -> f.getFileName().toString().startsWith("bad__t5")).toList()) {
        Files.copy(
            attack.resolve("tokenizer.json"),
            folder.resolve("tokenizer.json"),
            StandardCopyOption.REPLACE_EXISTING);
        assertThrows(
            InvalidInputException.class, () -> T5Tokenizer.open(folder).close(), attack.toString());
      }
    }
  }

  private static Path cases() {
    String given = System.getProperty("likeness.cases");
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path cases = given == null ? at.resolveSibling("shared").resolve("cases") : Path.of(given);
      if (Files.isDirectory(cases.resolve("attacks"))) {
        return cases.resolve("attacks");
      }
    }
    return null;
  }
}
