package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files with values or settings that no program should use. */
@ExtendWith(NoTensorLeaks.class)
class DamagedFilesTest extends OnGoldenBase {
  private static final String PATH = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
  private static final String KOHYA = "lora_unet_" + PATH.replace('.', '_') + ".";
  private static final String PEFT = "unet." + PATH + ".";

  @TempDir
  private Path folder;

  private Path file(Map<String, Tensor> tensors, Map<String, String> header) {
    Path file = folder.resolve("look.safetensors");
    SafetensorsWriter.write(file, tensors, header);
    return file;
  }

  private static String refusal(Path file) {
    String message = assertTimeout(
        Duration.ofSeconds(60),
        () -> assertThrows(InvalidInputException.class, () -> {
              try (Lora lora = Lora.open(file, base)) {
                lora.attachedTo(Compute.EXACT);
              }
            })
            .getMessage());
    assertEquals(1, message.lines().count(), message);
    assertTrue(message.startsWith(file.toString()), message);
    return message;
  }

  private static Map<String, Tensor> pair() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put(KOHYA + "lora_down.weight", torch.ones(2, 64));
    tensors.put(KOHYA + "lora_up.weight", torch.ones(64, 2));
    tensors.put(KOHYA + "alpha", torch.ones(new long[0]));
    return tensors;
  }

  private static Tensor spoiled(Tensor tensor, double value) {
    Tensor copy = tensor.clone();
    copy.view(-1).narrow(0, copy.numel() - 1, 1).fill_(new Scalar(value));
    return copy;
  }

  @ParameterizedTest
  @CsvSource({
    "lora_down.weight, NaN",
    "lora_up.weight, Infinity",
    "lora_up.weight, -Infinity",
    "alpha, NaN",
    "alpha, Infinity"
  })
  void refusesFactorsThatAreNotFinite(String role, double value) {
    for (ScalarType type : List.of(ScalarType.Float, ScalarType.Half, ScalarType.BFloat16)) {
      try (TensorScope scope = TensorScope.open()) {
        Map<String, Tensor> tensors = pair();
        tensors.computeIfPresent(
            KOHYA + role, (name, own) -> spoiled(own, value).to(type));
        assertEquals(
            folder.resolve("look.safetensors") + ": tensor \"" + KOHYA + role
                + "\" has values that are NaN or infinite; the file is damaged, or its training"
                + " failed: download it again, or use an earlier state of the training",
            refusal(file(tensors, Map.of())));
      }
    }
  }

  @Test
  void refusesTypesThatHideInfinity() {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> wide = pair();
      wide.computeIfPresent(
          KOHYA + "lora_up.weight", (name, own) -> spoiled(own.to(ScalarType.Double), 1e300));
      assertTrue(refusal(file(wide, Map.of())).contains("lora_up.weight\" has values"));
      Map<String, Tensor> narrow = pair();
      narrow.computeIfPresent(
          KOHYA + "lora_up.weight",
          (name, own) -> spoiled(own, Double.NaN).to(ScalarType.Float8_e4m3fn));
      assertTrue(refusal(file(narrow, Map.of())).contains("lora_up.weight\" has values"));
    }
  }

  @Test
  void refusesNumbersOfEveryAlgorithm() {
    Map<String, Map<String, long[]>> files = new LinkedHashMap<>();
    files.put(
        "LoHa",
        Map.of(
            KOHYA + "hada_w1_a", new long[] {64, 2},
            KOHYA + "hada_w1_b", new long[] {2, 64},
            KOHYA + "hada_w2_a", new long[] {64, 2},
            KOHYA + "hada_w2_b", new long[] {2, 64}));
    files.put(
        "LoKr", Map.of(KOHYA + "lokr_w1", new long[] {8, 8}, KOHYA + "lokr_w2", new long[] {8, 8}));
    files.put("difference", Map.of(KOHYA + "diff", new long[] {64, 64}));
    files.put("OFT", Map.of(KOHYA + "oft_blocks", new long[] {4, 16, 16}));
    files.put("rotations", Map.of(PEFT + "oft_R.weight", new long[] {16, 6}));
    files.put("scales", Map.of(PEFT + "ia3_l", new long[] {64, 1}));
    files.put("bias", Map.of("lora_unet_down_blocks_0_resnets_0_conv1.diff_b", new long[] {32}));
    files.put(
        "weight", Map.of("base_model.model." + PATH + ".base_layer.weight", new long[] {64, 64}));
    files.forEach((kind, shapes) -> shapes.keySet().forEach(spoiled -> {
      try (TensorScope scope = TensorScope.open()) {
        Map<String, Tensor> tensors = new HashMap<>();
        shapes.forEach((name, shape) -> tensors.put(
            name,
            name.equals(spoiled) ? spoiled(torch.ones(shape), Double.NaN) : torch.ones(shape)));
        String message = refusal(file(tensors, Map.of()));
        assertTrue(message.contains("\"" + spoiled + "\" has values"), kind + ": " + message);
      }
    }));
  }

  @Test
  void copiesNothingDamagedOn() {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = pair();
      tensors.put(
          "bundle_emb.ada.string_to_param.*", spoiled(torch.ones(2, 32), Double.POSITIVE_INFINITY));
      String message = refusal(file(tensors, Map.of()));
      assertTrue(message.contains("\"bundle_emb.ada.string_to_param.*\" has values"), message);
    }
  }

  @Test
  void refusesWholeNumbersWithoutTheirScale() {
    try (TensorScope scope = TensorScope.open()) {
      for (ScalarType type : List.of(ScalarType.Char, ScalarType.Byte, ScalarType.Int)) {
        Map<String, Tensor> tensors = pair();
        tensors.computeIfPresent(KOHYA + "lora_down.weight", (name, own) -> own.to(type));
        String message = refusal(file(tensors, Map.of()));
        assertTrue(
            message.contains("\"" + KOHYA + "lora_down.weight\" is of type ")
                && message.contains(
                    " without a scale, so it is not a usable weight; give the LoRA in bf16"),
            message);
      }
      Map<String, Tensor> counted = pair();
      counted.put(KOHYA + "alpha", torch.ones(new long[0]).to(ScalarType.Long));
      Lora.open(file(counted, Map.of()), base).close();
    }
  }

  /** {@code proof__lora-redos} and its like: matching takes steps in proportion to the name. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "((\\\\w|\\\\.)+)+!\\\\4",
        "((\\\\w|\\\\.)+)+!",
        "(([a-z_0-9.])*)*!",
        "(.*.*.*.*.*.*.*)*!"
      })
  void readsSettingsWithAnyExpressionInTime(String pattern) {
    String settings = "{\"unet.r\": 2, \"unet.alpha_pattern\": {\"" + pattern + "\": 8}}";
    try (TensorScope scope = TensorScope.open()) {
      Path file = file(peft(), Map.of("lora_adapter_metadata", settings));
      assertTimeout(Duration.ofSeconds(60), () -> {
        if (pattern.contains("4")) {
          assertTrue(refusal(file).contains(" has the layer pattern "));
        } else {
          Lora.open(file, base).close();
        }
      });
    }
  }

  private static Map<String, Tensor> peft() {
    return Map.of(
        PEFT + "lora_A.weight", torch.ones(2, 64), PEFT + "lora_B.weight", torch.ones(64, 2));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"unet.alpha_pattern\": {\"((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((\": 1}}",
        "{\"unet.alpha_pattern\": {\"(a\": 1}}",
        "{\"unet.lora_alpha\": 1e999}",
        "{\"unet.lora_alpha\": 1e308}",
        "{\"unet.lora_alpha\": \"NaN\"}",
        "{\"unet.lora_alpha\": NaN}",
        "{\"unet.lora_alpha\": [1]}",
        "{\"lora_alpha\": {}}",
        "null",
        "[]",
        "1",
        "{"
      })
  void refusesSettingsThatGiveNoNumber(String settings) {
    try (TensorScope scope = TensorScope.open()) {
      refusal(file(peft(), Map.of("lora_adapter_metadata", settings)));
    }
  }

  @Test
  void refusesMorePatternsThanAnyBaseHasLayers() {
    StringBuilder settings = new StringBuilder("{\"unet.alpha_pattern\": {\"a\": 1");
    for (int i = 0; i < 200; i++) {
      settings.append(", \"(a|b){").append(i).append("}c\": 1");
    }
    try (TensorScope scope = TensorScope.open()) {
      Path file = file(peft(), Map.of("lora_adapter_metadata", settings + "}}"));
      assertTrue(refusal(file).contains(" has too many layer patterns ("));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"2147483648", "2147483647", "-1", "0", "101", "2.5", "1e300", "\"5\"", "true"})
  void refusesMoreTermsOfASeriesThanItNeeds(String terms) {
    try (TensorScope scope = TensorScope.open()) {
      Path file = file(
          Map.of(PEFT + "oft_R.weight", torch.zeros(16, 6)),
          Map.of("lora_adapter_metadata", "{\"num_cayley_neumann_terms\": " + terms + "}"));
      String message = refusal(file);
      assertTrue(message.contains("num_cayley_neumann_terms is \""), message);
    }
  }

  @Test
  void canBeStopped() {
    Cancellation stop = new Cancellation();
    try (TensorScope scope = TensorScope.open()) {
      Path file = file(peft(), Map.of());
      try (Lora lora = Lora.open(file, base, Run.of(stop))) {
        stop.cancel();
        assertThrows(
            CancelledException.class, () -> stop.run(() -> lora.attachedTo(Compute.EXACT)));
      }
      assertThrows(CancelledException.class, () -> Lora.open(file, base, Run.of(stop)));
      Thread.currentThread().interrupt();
      assertThrows(CancelledException.class, () -> Lora.open(file, base));
    } finally {
      Thread.interrupted();
    }
  }

  /** Shapes of textual inversions that no text encoder has. */
  @Test
  void refusesTextualInversionsOfImpossibleShapes() throws IOException {
    for (String entry : List.of(
        "\"<a>\": [], 4",
        "\"<a>\": [0], 0",
        "\"<a>\": [0, 0], 0",
        "\"<a>\": [0, 1099511627776], 0",
        "\"<a>\": [3], 12",
        "\"emb_params\": [], 4",
        "\"emb_params\": [0, 64], 0",
        "\"string_to_param.*\": [], 4",
        "\"string_to_param.x\": [1, 1, 1], 4",
        "\"bundle_emb.a.clip_l\": [2, 0], 0",
        "\"text_encoders_0\": [0, 8589934592], 0",
        "\"lora_word.a.clip_g\": [1, 1, 1, 1], 4",
        "\"\": [2, 32], 256")) {
      Path file = header(entry);
      refusal(file);
    }
  }

  private Path header(String entry) throws IOException {
    String[] parts = entry.split(", (?=\\d+$)");
    String name = parts[0].substring(0, parts[0].indexOf("\": ") + 1);
    String shape = parts[0].substring(name.length() + 2);
    byte[] json = ("{" + name + ": {\"dtype\": \"F32\", \"shape\": " + shape
            + ", \"data_offsets\": [0, " + parts[1] + "]}}")
        .getBytes(StandardCharsets.UTF_8);
    ByteBuffer all = ByteBuffer.allocate(8 + json.length + Integer.parseInt(parts[1]))
        .order(ByteOrder.LITTLE_ENDIAN);
    all.putLong(json.length).put(json);
    Path file = folder.resolve("word.safetensors");
    Files.write(file, all.array());
    return file;
  }

  @Test
  void readsLayersWhoseNamesEndInAnUnderscore() {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> odd = new LinkedHashMap<>();
      pair().forEach((name, value) -> odd.put(name.replaceFirst("\\.", "_."), value));
      try (Lora lora = Lora.open(file(odd, Map.of()), base)) {
        assertEquals(1, lora.inspection().layers());
        assertEquals(0.5, lora.inspection().scale().max());
      }
      odd.putAll(pair());
      assertTrue(refusal(file(odd, Map.of())).contains(" name the same tensor of one layer"));
    }
  }

  @Test
  void opensTheFolderThatPeftWrites() throws IOException {
    try (TensorScope scope = TensorScope.open()) {
      Path adapter = Files.createDirectory(folder.resolve("adapter"));
      assertTrue(
          refusal(adapter).contains(" is a folder without a LoRA; give a file, or a folder with "));
      Files.writeString(adapter.resolve("adapter_config.json"), "{\"r\": 2, \"lora_alpha\": 8}");
      SafetensorsWriter.write(
          adapter.resolve("adapter_model.safetensors"),
          Map.of(
              "base_model.model." + PATH + ".lora_A.weight",
              torch.ones(2, 64),
              "base_model.model." + PATH + ".lora_B.weight",
              torch.ones(64, 2)),
          Map.of());
      try (Lora lora = Lora.open(adapter, base)) {
        assertEquals(4, lora.inspection().scale().max());
      }
      assertEquals(1, Lora.inspect(adapter, base).layers());
      Path diffusers = Files.createDirectory(folder.resolve("diffusers"));
      SafetensorsWriter.write(
          diffusers.resolve("pytorch_lora_weights.safetensors"), peft(), Map.of());
      try (Lora lora = Lora.open(diffusers, base)) {
        assertEquals(1, lora.inspection().layers());
      }
    }
  }

  @Test
  void followsNoLinkOutOfAFolder() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret.json"), "{\"lora_alpha\": 8}");
    Path adapter = Files.createDirectory(folder.resolve("adapter"));
    Files.createSymbolicLink(adapter.resolve("adapter_config.json"), secret);
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(adapter.resolve("adapter_model.safetensors"), peft(), Map.of());
      assertThrows(InvalidInputException.class, () -> Lora.open(adapter, base));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "vera_lambda_b, VeRA",
    "vera_lambda_d, VeRA",
    "hra_u, HRA",
    "fourierft_spectrum, FourierFT",
    "randlora_lambda, RandLoRA"
  })
  void refusesOtherAdaptersByName(String part, String kind) {
    try (TensorScope scope = TensorScope.open()) {
      String key = "base_model.model." + PATH + "." + part;
      Path file = file(Map.of(key, torch.ones(64)), Map.of());
      assertEquals(
          file + " is an adapter of the kind " + kind + " (\"" + key
              + "\"), which is not supported; give a LoRA, or an AdaLoRA, LoHa, LoKr, GLoRA, OFT,"
              + " BOFT or IA3",
          refusal(file));
    }
  }

  @Test
  void refusesFactorsOfRankZero() {
    try (TensorScope scope = TensorScope.open()) {
      for (Map<String, Tensor> tensors : List.of(
          Map.of(
              KOHYA + "lora_down.weight", torch.ones(0, 64),
              KOHYA + "lora_up.weight", torch.ones(64, 0)),
          Map.of(
              KOHYA + "hada_w1_a", torch.ones(64, 0),
              KOHYA + "hada_w1_b", torch.ones(0, 64),
              KOHYA + "hada_w2_a", torch.ones(64, 0),
              KOHYA + "hada_w2_b", torch.ones(0, 64)),
          Map.of(
              KOHYA + "lokr_w1", torch.ones(8, 8),
              KOHYA + "lokr_w2_a", torch.ones(8, 0),
              KOHYA + "lokr_w2_b", torch.ones(0, 8)),
          Map.of(
              KOHYA + "a1.weight", torch.ones(64, 0),
              KOHYA + "a2.weight", torch.ones(0, 64),
              KOHYA + "b1.weight", torch.ones(64, 0),
              KOHYA + "b2.weight", torch.ones(0, 64)))) {
        refusal(file(tensors, Map.of()));
      }
    }
  }

  @Test
  void refusesButterfliesWithoutPartners() {
    try (TensorScope scope = TensorScope.open()) {
      for (long[] shape : List.of(
          new long[] {8, 4, 16, 16},
          new long[] {70, 4, 16, 16},
          new long[] {0, 4, 16, 16},
          new long[] {1, 1, 4, 16, 16},
          new long[] {1, 64, 1, 1})) {
        refusal(file(Map.of(KOHYA + "oft_blocks", torch.ones(shape)), Map.of()));
      }
    }
  }

  @Test
  void printsNamesOfKeysOnOneLineOnly() {
    try (TensorScope scope = TensorScope.open()) {
      String name = "x\nfamily       sdxl\u001b]0;owned\u0007.lora_A.weight";
      String message = refusal(file(Map.of(name, torch.ones(2, 2)), Map.of()));
      assertFalse(message.contains("\u001b"), message);
    }
  }
}
