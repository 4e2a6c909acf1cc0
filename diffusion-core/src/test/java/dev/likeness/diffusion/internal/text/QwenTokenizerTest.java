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
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QwenTokenizerTest {
  private static final String ROOT = "/golden/qwen/";

  @TempDir
  private Path folder;

  @Test
  void givesTransformersIdsFromTokenizerJson() throws IOException {
    copy("today/", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja");
    givesTransformersIds();
  }

  @Test
  void givesTransformersIdsFromThePublishedFiles() throws IOException {
    copy("published/", "vocab.json", "merges.txt", "tokenizer_config.json");
    givesTransformersIds();
  }

  private void givesTransformersIds() throws IOException {
    try (QwenTokenizer tokenizer = QwenTokenizer.of(TokenizerFiles.read(folder));
        InputStream in = new GZIPInputStream(
            QwenTokenizerTest.class.getResourceAsStream(ROOT + "tokens.json.gz"))) {
      for (Object entry : JSON.std.listFrom(in)) {
        Map<?, ?> golden = (Map<?, ?>) entry;
        String text = (String) golden.get("text");
        assertArrayEquals(ids(golden, "ids"), tokenizer.ids(text), text);
        assertArrayEquals(ids(golden, "asked"), tokenizer.encodePrompt(text, false), text);
        assertArrayEquals(ids(golden, "thinking"), tokenizer.encodePrompt(text, true), text);
        assertEquals(
            "",
            tokenizer.truncatedText(text, false, ids(golden, "asked").length - 1),
            "of the frame alone");
      }
    }
  }

  private static int[] ids(Map<?, ?> golden, String which) {
    return ((List<?>) golden.get(which)).stream().mapToInt(id -> (Integer) id).toArray();
  }

  @Test
  void refusesAnotherTemplateThanQwen3s() throws IOException {
    copy("today/", "tokenizer.json", "tokenizer_config.json");
    Files.writeString(folder.resolve("chat_template.jinja"), "{{ messages[0].content }}");
    assertEquals(
        folder
            + ": the chat template does not contain \"enable_thinking\", which the template of Qwen3 contains;"
            + " give the model's own tokenizer",
        refusal());
  }

  @Test
  void refusesPaddingBeforeTheText() throws IOException {
    copy("published/", "vocab.json", "merges.txt");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"padding_side\": \"left\"}");
    assertEquals(folder + ": padding_side is \"left\"; only \"right\" is supported", refusal());
  }

  private String refusal() {
    TokenizerFiles files = TokenizerFiles.read(folder);
    return assertThrows(InvalidInputException.class, () -> QwenTokenizer.of(files))
        .getMessage();
  }

  private void copy(String from, String... names) {
    for (String name : names) {
      GoldenResource.copy(ROOT + from + name, folder.resolve(name));
    }
  }
}
