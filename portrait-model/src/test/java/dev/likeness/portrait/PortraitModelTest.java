package dev.likeness.portrait;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PortraitModelTest {
  private static final long MAX_BYTES = 32L << 20;
  private static final Path FOLDER = PortraitModel.files();

  /** ADR 0003: so small that it is read into memory where it lies in a jar. */
  @Test
  void isAtMostThirtyTwoMebibytes() throws IOException {
    long sum = 0;
    for (Path file : files()) {
      sum += Files.size(file);
    }
    assertTrue(sum <= MAX_BYTES, "the model's files make " + sum + " bytes, at most " + MAX_BYTES);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/config.json",
        "text_encoder/model.safetensors",
        "tokenizer/vocab.json",
        "tokenizer/merges.txt",
        "scheduler/scheduler_config.json",
        "lora/few-step.safetensors",
        "preview/config.json",
        "preview/diffusion_pytorch_model.safetensors",
        "ip_adapter/ip-adapter.safetensors",
        "ip_adapter/ip-adapter-image.safetensors",
        "image_encoder/config.json",
        "image_encoder/model.safetensors",
        "ip_adapter/face_embedder/model.safetensors",
        "ip_adapter/identity-strength.json",
        "guidance/face_embedder/model.safetensors",
        "face_embedder/config.json",
        "face_embedder/model.safetensors",
        "photo_reader/config.json",
        "photo_reader/model.safetensors",
        "score_limits.json",
        "likeness.json"
      })
  void hasEveryPart(String part) throws IOException {
    assertTrue(
        Files.isRegularFile(FOLDER.resolve(part)) && Files.size(FOLDER.resolve(part)) > 0, part);
  }

  /**
   * Whatever the index names is a folder with a config; what the model does without is null there.
   */
  @Test
  void hasTheComponentsOfItsIndexAndNoOther() throws IOException {
    Matcher named = Pattern.compile("\"(\\w+)\" : \\[ \"\\w+\"")
        .matcher(Files.readString(FOLDER.resolve("model_index.json")));
    List<String> components =
        named.results().map(match -> match.group(1)).sorted().toList();
    assertEquals(
        List.of("image_encoder", "scheduler", "text_encoder", "tokenizer", "unet", "vae"),
        components);
    Map<String, String> configs =
        Map.of("scheduler", "scheduler_config.json", "tokenizer", "tokenizer_config.json");
    for (String component : components) {
      assertTrue(
          Files.isRegularFile(
              FOLDER.resolve(component).resolve(configs.getOrDefault(component, "config.json"))),
          component);
    }
  }

  /** A file that Git LFS or a careless filter left a pointer of is short and no safetensors. */
  @Test
  void keepsWholeWeights() throws IOException {
    for (Path file : files()) {
      if (file.toString().endsWith(".safetensors")) {
        byte[] bytes = Files.readAllBytes(file);
        long header = 0;
        for (int i = 7; i >= 0; i--) {
          header = header << 8 | bytes[i] & 0xff;
        }
        assertTrue(header > 2 && header < bytes.length - 8 && bytes[8] == '{', file.toString());
      }
    }
  }

  private static List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(FOLDER)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }
}
