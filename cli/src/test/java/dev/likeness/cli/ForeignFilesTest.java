package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A file that is not what an option expects may be a secret that the user named by mistake, or that
 * another person named to a service. Nothing of its content is printed.
 */
class ForeignFilesTest {
  private static final String WORD = "zebrafish";
  private static final String NUMBER = "4711081547110815";

  private static final Path PERSON = Outside.ROOT.resolve("examples/photos/person-5000000002");

  @TempDir
  private Path folder;

  private static Map<String, String> contents() {
    Map<String, String> contents = new TreeMap<>();
    contents.put("passwd", WORD + ":x:0:0:root:/root:/bin/sh\n" + WORD + "\n");
    contents.put("word", WORD);
    contents.put("number", NUMBER);
    contents.put("signed-number", "-" + NUMBER + "e" + NUMBER + "\n");
    contents.put("open-string", "{\"" + WORD);
    contents.put("bare-key", "{" + WORD + ": 1}");
    contents.put("bare-value", "{\"a\": " + WORD + "}");
    contents.put("bare-entry", "[" + WORD + "]");
    contents.put("array", "[\"" + WORD + "\"]");
    contents.put("huge-number", "{\"a\": " + NUMBER.repeat(90) + "}");
    contents.put("escape", "{\"a\": \"\\" + WORD + "\"}");
    contents.put("comment", "// " + WORD);
    contents.put("key", pem("PRIVATE KEY", WORD));
    contents.put("certificate", pem("CERTIFICATE", WORD));
    contents.put("hex", "x" + WORD + "4711".repeat(16));
    contents.put("yaml", WORD + ": 1\n  - " + WORD + "\n");
    contents.put("vault", "likeness vault 2\n" + WORD + "\n");
    contents.put("zip", "PK\u0003\u0004" + WORD);
    contents.put("short-header", "\t\0\0\0\0\0\0\0" + WORD);
    contents.put("header", "\u000b\0\0\0\0\0\0\0{" + WORD + "}");
    contents.put("pickle", "\u0080\u0002" + WORD + "\n");
    contents.put("gguf", "GGUF" + WORD);
    contents.put("image", "\u0089PNG\r\n\u001a\n" + WORD);
    contents.put("bytes", "\u00ff\u00fe" + WORD);
    return contents;
  }

  private static String pem(String kind, String text) {
    return "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n";
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "inspect FILE.safetensors",
        "inspect FILE.png",
        "convert FILE.safetensors OUT",
        "convert FILE.ckpt OUT.safetensors",
        "lora FILE.safetensors FILE.safetensors --out OUT.safetensors",
        "generate --prompt x --base FILE.safetensors --steps 1 --out OUT",
        "generate --prompt x --base FILE.gguf --steps 1 --out OUT",
        "generate --prompt x --base FILE.ckpt --steps 1 --out OUT",
        "generate --prompt x --lora FILE.safetensors --steps 1 --out OUT",
        "generate --prompt x --lora FILE.bin --steps 1 --out OUT",
        "generate --prompt x --embedding FILE.pt --steps 1 --out OUT",
        "generate --prompt x --embedding FILE.safetensors --steps 1 --out OUT",
        "generate --prompt x --vae FILE.safetensors --steps 1 --out OUT",
        "generate --prompt x --part unet=FILE.safetensors --steps 1 --out OUT",
        "generate --prompt x --part text_encoder=FILE.gguf --steps 1 --out OUT",
        "generate --prompt x --reference PHOTO --ip-adapter FILE.bin --image-encoder FILE.bin --steps 1 --out OUT",
        "generate --prompt x --reference FILE.png --steps 1 --out OUT",
        "generate --prompt x --face-guidance PHOTO --face-guidance-embedder FILE-arcface.onnx --steps 1 --out OUT",
        "generate --prompt x --face-guidance PHOTO --face-guidance-embedder FILE-arcface.onnx"
            + " --face-guidance-decoder FILE.safetensors --steps 1 --out OUT",
        "generate --prompt x --face-guidance FILE.jpg --steps 1 --out OUT",
        "generate --prompt x --controlnet FILE.safetensors --control-image PHOTO --steps 1 --out OUT",
        "generate --prompt x --preview=FILE.safetensors --steps 1 --out OUT",
        "generate --prompt x --init FILE.png --steps 1 --out OUT",
        "headshot --person FILE.safetensors --style studio --out OUT",
        "headshot --person FILE.safetensors --styles FILE.json --style studio --out OUT",
        "headshot --photos PERSON --styles FILE.json --style own --out OUT",
        "photos PERSON --detector FILE.onnx",
        "photos PERSON --embedder FILE-sface.onnx",
        "photos PERSON --embedder FILE-arcface.safetensors",
        "photos PERSON --face-quality FILE.onnx",
        "verify FILE.png",
        "verify FILE.json",
        "verify PHOTO --trust FILE.pem",
        "people list --store STORE --key FILE.key",
        "purge --due --store STORE --key FILE.key",
        "generate --prompt x --steps 1 --out OUT --sign-key FILE.pem --sign-certificate FILE.pem"
      })
  void printsNothingOfAFileThatItDoesNotUnderstand(String line) throws IOException {
    List<Executable> all = new ArrayList<>();
    Map<String, String> contents = contents();
    List<String> names = new ArrayList<>(contents.keySet());
    // All contents for each line would take minutes.
    Collections.shuffle(names, new Random(line.hashCode()));
    contents.keySet().retainAll(names.subList(0, 4));
    contents.put("passwd", contents().get("passwd"));
    for (Map.Entry<String, String> content : contents.entrySet()) {
      Path own = Files.createDirectory(folder.resolve(content.getKey()));
      byte[] bytes = content.getValue().getBytes(StandardCharsets.ISO_8859_1);
      CommandResult run = CommandResult.of(words(line, own, bytes));
      String printed = run.out() + run.err();
      all.add(() -> {
        String name = content.getKey() + ": " + run;
        assertTrue(Set.of(0, 2, 3).contains(run.status()), name);
        assertFalse(printed.contains("zebr"), name);
        assertFalse(printed.contains(NUMBER.substring(0, 6)), name);
        assertFalse(printed.contains("\tat "), name);
      });
    }
    assertAll(all);
  }

  @BeforeEach
  void copyPhotos() throws IOException {
    Files.createDirectory(folder.resolve("photos"));
    for (String name : List.of("selfie-01.jpg", "selfie-02.jpg", "selfie-03.jpg")) {
      Files.copy(PERSON.resolve(name), folder.resolve("photos").resolve(name));
    }
  }

  private String[] words(String line, Path own, byte[] bytes) throws IOException {
    Files.createDirectories(own.resolve("store/subjects"));
    List<String> words = new ArrayList<>();
    for (String word : line.split(" ")) {
      int file = word.indexOf("FILE");
      if (file >= 0) {
        Path given = own.resolve(word.substring(file).replace("FILE", "file"));
        Files.write(given, bytes);
        words.add(word.substring(0, file) + given);
      } else {
        words.add(word.replace("OUT", own.resolve("out").toString())
            .replace("PERSON", folder.resolve("photos").toString())
            .replace("PHOTO", PERSON.resolve("selfie-01.jpg").toString())
            .replace("STORE", own.resolve("store").toString()));
      }
    }
    return words.toArray(String[]::new);
  }
}
