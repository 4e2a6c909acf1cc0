package dev.likeness.diffusion.internal.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenResource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
