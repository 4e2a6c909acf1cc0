package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class LoraRefusalTest extends OnGoldenBase {
  private static final String LAYER = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q";

  @TempDir
  private Path folder;

  private Path file(Map<String, long[]> shapes, Map<String, String> metadata) {
    Path file = folder.resolve("look.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      shapes.forEach((name, shape) -> tensors.put(name, torch.ones(shape)));
      SafetensorsWriter.write(file, tensors, metadata);
    }
    return file;
  }

  private static Map<String, long[]> pair(String layer, long in, long rank, long out) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put(layer + ".lora_A.weight", new long[] {rank, in});
    shapes.put(layer + ".lora_B.weight", new long[] {out, rank});
    return shapes;
  }

  private static String refusal(Path file) {
    return assertThrows(InvalidInputException.class, () -> Lora.open(file, base))
        .getMessage();
  }

  @Test
  void namesKeysThatMatchNoLayer() {
    Map<String, long[]> shapes = pair(LAYER, 64, 2, 64);
    shapes.putAll(pair("unet.down_blocks.7.attentions.0.proj_in", 64, 2, 64));
    Path file = file(shapes, Map.of());
    assertEquals(
        file + ": keys that match no layer of base-current: 2 of 4, e.g."
            + " \"unet.down_blocks.7.attentions.0.proj_in.lora_A.weight\"; the LoRA is for"
            + " another base model, or its kind"
            + " is not supported; give a LoRA for this base",
        refusal(file));
    LoraInspection report = Lora.inspect(file, base);
    assertEquals(
        List.of(
            "unet.down_blocks.7.attentions.0.proj_in.lora_A.weight",
            "unet.down_blocks.7.attentions.0.proj_in.lora_B.weight"),
        report.keys().unmatched());
    assertEquals(2, report.keys().matched());
    assertTrue(!report.isComplete());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "weight_scale",
        "scale_weight",
        "weight_scale_inv",
        "weight_quantizer._scale",
        "weight._scale",
        "scale",
        "SCB"
      })
  void namesTheScaleOfAFactorInEightBits(String scale) {
    Path file = folder.resolve("small.safetensors");
    String key = LAYER + ".lora_A." + scale;
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      pair(LAYER, 64, 2, 64)
          .forEach(
              (name, shape) -> tensors.put(name, torch.ones(shape).to(ScalarType.Float8_e4m3fn)));
      tensors.put(key, torch.ones(1));
      SafetensorsWriter.write(file, tensors, Map.of());
    }
    String refusal = refusal(file);
    assertTrue(refusal.contains("\"" + key + "\""), refusal);
  }

  @Test
  void namesABiasThatTheBaseLacks() {
    Map<String, long[]> shapes = pair(LAYER, 64, 2, 64);
    shapes.put(LAYER + ".diff_b", new long[] {64});
    Path file = file(shapes, Map.of());
    assertEquals(
        file + " changes " + LAYER + ".bias, but that layer of base-current has no bias; give the"
            + " base that the LoRA was made for",
        refusal(file));
  }

  @Test
  void refusesTheBlocksOfPixArt() {
    Map<String, long[]> shapes = pair("transformer.transformer_blocks.0.attn1.to_q", 64, 2, 64);
    shapes.putAll(pair("transformer.transformer_blocks.0.attn2.to_q", 64, 2, 64));
    String refusal = refusal(file(shapes, Map.of()));
    assertTrue(refusal.contains("keys that match no layer of base-current: 4 of 4"), refusal);
  }

  @Test
  void readsTheRotationsOfKohyasOwnPrograms() {
    Path file = file(
        Map.of(
            "oft_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.oft_blocks",
            new long[] {4, 16, 16},
            "oft_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.alpha",
            new long[] {1}),
        Map.of());
    try (Lora lora = Lora.open(file, base)) {
      assertEquals(Set.of(LoraAlgorithm.OFT), lora.inspection().algorithms());
    }
  }

  @Test
  void ignoresTextualInversionsOfEncoderOutputs() {
    Map<String, long[]> shapes = pair(LAYER, 64, 2, 64);
    shapes.put("bundle_emb.ada.clip_l", new long[] {1, 32});
    shapes.put("bundle_emb.byron.clip_l", new long[] {1, 32});
    shapes.put("bundle_emb.byron.clip_l_out", new long[] {1, 32});
    shapes.put("bundle_emb.v1.5.string_to_param.*", new long[] {1, 32});
    shapes.put("bundle_emb.ada.t5", new long[] {1, 4096});
    try (Lora lora = Lora.open(file(shapes, Map.of()), base)) {
      assertEquals(
          Set.of("ada", "v1.5"),
          lora.textualInversions().stream()
              .map(TextualInversion::token)
              .collect(Collectors.toSet()));
      assertEquals(
          Set.of("bundle_emb.byron.clip_l", "bundle_emb.byron.clip_l_out", "bundle_emb.ada.t5"),
          Set.copyOf(lora.inspection().keys().ignored()));
      assertTrue(lora.textualInversions().stream()
          .allMatch(word -> word.values().keySet().equals(Set.of(32))));
    }
  }

  @Test
  void generatesPromptsWithoutTheTokenOfOtherTextEncoders() {
    Map<String, long[]> shapes = pair(LAYER, 64, 2, 64);
    shapes.put("bundle_emb.ada.clip_g", new long[] {1, 48});
    try (Lora lora = Lora.open(file(shapes, Map.of()), base)) {
      base.generate(ImageRequest.of("a tree").steps(1).adapter(lora.at(1)));
      assertThrows(
          InvalidInputException.class,
          () -> base.generate(ImageRequest.of("ada").steps(1).adapter(lora.at(1))));
    }
  }

  @Test
  void missesAFactorOfAnotherKind() {
    Path file = file(
        Map.of(
            "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.hada_w1_a",
            new long[] {64, 2}),
        Map.of());
    assertEquals(
        file + ": " + LAYER + " lacks a factor, or its factors differ in rank; download the file"
            + " again",
        refusal(file));
  }

  @Test
  void namesTheBaseOfALoraOfAnotherFamily() {
    Path flux =
        file(pair("transformer.single_transformer_blocks.0.attn.to_q", 3072, 2, 3072), Map.of());
    assertEquals(
        flux + " is a LoRA for FLUX.1, but the base base-current is of another family; use the LoRA"
            + " with a base of FLUX.1",
        refusal(flux));
  }

  @Test
  void saysThatNoBaseOfAFamilyCanBeOpened() {
    Path cascade = file(pair("lora_prior_blocks_0_attn_to_q", 64, 2, 64), Map.of());
    assertEquals(
        cascade + " is a LoRA for Stable Cascade, but the base base-current is of another family;"
            + " bases of Stable Cascade are not supported; use another LoRA",
        refusal(cascade));
  }

  @Test
  void distinguishesATextualInversionFromALora() {
    Path file = file(Map.of("<ada>", new long[] {32}), Map.of());
    assertEquals(
        file + " is a textual inversion (\"<ada>\"), not a LoRA; give it as an embedding",
        refusal(file));
  }

  @Test
  void detectsAFamilyByTheWidthOfEveryAlgorithm() {
    String stem = "lycoris_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.";
    assertEquals(
        "sdxl",
        family(
            Map.of(stem + "lokr_w1", new long[] {2, 2}, stem + "lokr_w2", new long[] {32, 1024})));
    assertEquals(
        "sd1",
        family(Map.of(
            stem + "lokr_w1",
            new long[] {2, 8},
            stem + "lokr_w2_a",
            new long[] {32, 4},
            stem + "lokr_w2_b",
            new long[] {4, 96})));
    assertEquals("sd2", family(Map.of(stem + "diff", new long[] {320, 1024})));
    for (boolean old : new boolean[] {false, true}) {
      assertEquals(
          "sdxl",
          family(Map.of(
              stem + "a1.weight",
              old ? new long[] {4, 2048} : new long[] {2048, 4},
              stem + "a2.weight",
              old ? new long[] {2048, 4} : new long[] {4, 2048},
              stem + "b1.weight",
              new long[] {640, 4},
              stem + "b2.weight",
              new long[] {4, 2048})));
    }
  }

  private String family(Map<String, long[]> shapes) {
    return Lora.inspect(file(shapes, Map.of()), base).family();
  }

  @Test
  void namesShapesThatDoNotMatch() {
    Path file = file(pair(LAYER, 320, 2, 64), Map.of());
    assertEquals(
        file + " has keys that do not fit base-current (1, e.g. \"" + LAYER
            + ".lora_A.weight\" [2, 320] beside a weight [64, 64]); the LoRA is for another base"
            + " model; give a LoRA for this base",
        refusal(file));
  }

  private static final String KOHYA =
      "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.";
  private static final String CONV = "lora_unet_down_blocks_0_resnets_0_conv1.";

  @Test
  void namesFactorsOfEveryKindThatDoNotFit() {
    Map<String, long[]> glora = new LinkedHashMap<>(Map.of(
        KOHYA + "a1.weight",
        new long[] {48, 2},
        KOHYA + "a2.weight",
        new long[] {2, 64},
        KOHYA + "b1.weight",
        new long[] {64, 2},
        KOHYA + "b2.weight",
        new long[] {2, 64}));
    assertEquals(
        List.of("\"" + KOHYA + "a1.weight\" [48, 2] beside a weight [64, 64]"),
        Lora.inspect(file(glora, Map.of()), base).keys().shapeMismatches());
    glora.put(KOHYA + "a1.weight", new long[] {64, 3});
    assertTrue(!Lora.inspect(file(glora, Map.of()), base).isComplete());
    Map<String, long[]> first = Map.of(
        KOHYA + "a1.weight",
        new long[] {2, 64},
        KOHYA + "a2.weight",
        new long[] {64, 2},
        KOHYA + "b1.weight",
        new long[] {2, 64},
        KOHYA + "b2.weight",
        new long[] {64, 2});
    assertTrue(
        Lora.inspect(file(first, Map.of()), base).isComplete(),
        "GLoRA as it was at first, of a square layer");
    Map<String, long[]> core = new LinkedHashMap<>(Map.of(
        CONV + "lora_down.weight",
        new long[] {2, 32, 1, 1},
        CONV + "lora_up.weight",
        new long[] {32, 2, 1, 1},
        CONV + "lora_mid.weight",
        new long[] {3, 3, 3, 3}));
    assertEquals(
        List.of("unet.down_blocks.0.resnets.0.conv1"),
        Lora.inspect(file(core, Map.of()), base).keys().incomplete());
    Map<String, long[]> hadamard = Map.of(
        CONV + "hada_t1",
        new long[] {2, 2, 5, 5},
        CONV + "hada_w1_a",
        new long[] {2, 32},
        CONV + "hada_w1_b",
        new long[] {2, 32},
        CONV + "hada_w2_a",
        new long[] {32, 2},
        CONV + "hada_w2_b",
        new long[] {2, 288});
    assertEquals(
        List.of("\"" + CONV + "hada_t1\" [2, 2, 5, 5] beside a weight [32, 32, 3, 3]"),
        Lora.inspect(file(hadamard, Map.of()), base).keys().shapeMismatches());
  }

  /** A core belongs to convolutions: on a linear layer it would be left out without a word. */
  @Test
  void namesACoreOfALinearLayer() {
    for (long[] shape : List.of(new long[] {2, 2}, new long[] {2, 2, 1, 1})) {
      Map<String, long[]> shapes = new LinkedHashMap<>(Map.of(
          KOHYA + "lora_down.weight",
          new long[] {2, 64},
          KOHYA + "lora_up.weight",
          new long[] {64, 2},
          KOHYA + "lora_mid.weight",
          shape));
      assertEquals(
          List.of("\"" + KOHYA + "lora_mid.weight\" " + Arrays.toString(shape)
              + " beside a weight [64, 64]"),
          Lora.inspect(file(shapes, Map.of()), base).keys().shapeMismatches());
    }
  }

  @Test
  void missesTheOtherFactor() {
    Path file = file(Map.of(LAYER + ".lora_B.weight", new long[] {64, 2}), Map.of());
    assertEquals(
        file + ": " + LAYER + " lacks a factor, or its factors differ in rank; download the file"
            + " again",
        refusal(file));
  }

  @Test
  void namesTwoKeysThatMeanTheSame() {
    Map<String, long[]> shapes = pair(LAYER, 64, 2, 64);
    shapes.put(KOHYA + "lora_down.weight", new long[] {2, 64});
    Path file = file(shapes, Map.of());
    String message = refusal(file);
    assertTrue(
        List.of(
                "\"" + LAYER + ".lora_A.weight\" and \"" + KOHYA + "lora_down.weight\"",
                "\"" + KOHYA + "lora_down.weight\" and \"" + LAYER + ".lora_A.weight\"")
            .stream()
            .anyMatch(keys -> message.equals(file + ": " + keys
                + " name the same tensor of one layer; save the LoRA again, with one adapter a file and"
                + " one key format")),
        message);
  }

  @Test
  void ignoresLdmNamesBesideDiffusersNames() {
    Map<String, long[]> shapes =
        pair("lora_unet_middle_block_1_transformer_blocks_0_attn1_to_q", 64, 4, 64);
    shapes.putAll(pair(LAYER, 64, 2, 64));
    LoraInspection report = Lora.inspect(file(shapes, Map.of()), base);
    assertTrue(
        report.isComplete() && report.rank() == 2 && report.keys().ignored().size() == 2,
        report.toString());
  }

  @Test
  void reportsFactorsOfDifferentRanksAsIncomplete() {
    Map<String, long[]> shapes = pair(LAYER, 64, 2, 64);
    shapes.put(LAYER + ".lora_B.weight", new long[] {64, 3});
    Path file = file(shapes, Map.of());
    assertEquals(
        file + ": " + LAYER + " lacks a factor, or its factors differ in rank; download the file"
            + " again",
        refusal(file));
  }

  @Test
  void findsNoLoraInAnEmptyFile() {
    Path file = file(Map.of(), Map.of());
    assertEquals(
        file + " is not a LoRA: no key ends like a LoRA key, e.g. .lora_A.weight; give a LoRA file",
        refusal(file));
  }

  @Test
  void refusesSettingsThatAreNotJson() {
    Path file = file(pair(LAYER, 64, 2, 64), Map.of("lora_adapter_metadata", "unet.r = 4"));
    assertEquals(
        file + ": the metadata's lora_adapter_metadata is not a JSON object; save the LoRA again",
        refusal(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"pissa", "pissa_niter_16", "corda", "olora", "OLoRA", "loftq", "lora_ga"})
  void refusesFactorsOfABaseThatPeftChanged(String first) {
    Map<String, String> settings = Map.of(
        "lora_adapter_metadata", "{\"unet.r\": 2, \"unet.init_lora_weights\": \"" + first + "\"}");
    Path file = file(pair(LAYER, 64, 2, 64), settings);
    assertEquals(
        file + " was trained on a base that peft had changed (init_lora_weights is \""
            + first
            + "\") and does not work on the original base; save the LoRA again by peft's"
            + " save_pretrained with path_initial_model_for_weight_conversion"
            + " (impossible for LoftQ), or train the LoRA with an initialisation that leaves the"
            + " base unchanged",
        refusal(file));
    assertEquals(2, Lora.inspect(file, base).rank());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"true", "false", "null", "\"gaussian\"", "\"eva\"", "\"orthogonal\"", "\"mica\""})
  void opensInitialisationsThatKeepTheBase(String first) {
    Lora.open(
            file(
                pair(LAYER, 64, 2, 64),
                Map.of("lora_adapter_metadata", "{\"init_lora_weights\": " + first + "}")),
            base)
        .close();
  }

  @Test
  void refusesALoraWithoutAPerson() {
    Path file = file(pair(LAYER, 64, 2, 64), Map.of());
    assertEquals(
        file
            + " is a LoRA, but its metadata does not name the person (likeness.class_word); use it"
            + " as a"
            + " LoRA and name the person in the prompt",
        assertThrows(InvalidInputException.class, () -> LoraPerson.open(file, base))
            .getMessage());
  }

  @Test
  void requiresAClassWordAndValidNumbers() {
    assertEquals(
        "the class word must not be blank; give a word such as woman, man or person",
        assertThrows(IllegalArgumentException.class, () -> PersonToken.of(" ")).getMessage());
    assertEquals(
        "steps must be at least 1, got 0",
        assertThrows(
                IllegalArgumentException.class,
                () -> TrainingSettings.balanced().steps(0))
            .getMessage());
    assertEquals(
        "learningRate must be above 0, got NaN",
        assertThrows(
                IllegalArgumentException.class,
                () -> TrainingSettings.balanced().learningRate(Double.NaN))
            .getMessage());
    assertEquals(
        "training needs a caption, e.g. \"photo of %s\"",
        assertThrows(
                IllegalArgumentException.class,
                () -> TrainingSettings.quick().captions(new String[0]))
            .getMessage());
  }
}
