package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.training.TrainingObjective;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is said of a transformer's LoRA: in the file's own names, whatever diffusers calls the
 * layers.
 */
@ExtendWith(NoTensorLeaks.class)
class TransformerInspectionTest {
  private static BaseModel base;
  private static long width;

  @TempDir
  private Path folder;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = BaseModel.open(PipelineFolder.write("flux/dev", parent).path(), Compute.EXACT);
    width = EngineAccess.model(base)
        .tensorShape(ModelComponent.TRANSFORMER, "transformer_blocks.0.attn.to_q.weight")[0];
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  private Path file(Map<String, long[]> shapes, Map<String, String> metadata) {
    Path file = folder.resolve("look.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      shapes.forEach((name, shape) -> tensors.put(name, torch.ones(shape)));
      SafetensorsWriter.write(file, tensors, metadata);
    }
    return file;
  }

  private static Map<String, long[]> pair(String down, String up, long in, long out) {
    return new LinkedHashMap<>(Map.of(down, new long[] {2, in}, up, new long[] {out, 2}));
  }

  private static Map<String, long[]> kohya(String layer, long in, long out) {
    return pair(layer + ".lora_down.weight", layer + ".lora_up.weight", in, out);
  }

  @ParameterizedTest
  @CsvSource({
    "diffusion_model.double_blocks.0.img_attn.qkv, .lora_A.weight, .lora_B.weight, COMFY",
    "double_blocks.0.processor.qkv_lora1, .down.weight, .up.weight, XLABS",
    "single_blocks.0.processor.qkv_lora, .down.weight, .up.weight, XLABS",
    "diffusion_model.double_blocks.0.processor.qkv_lora2, .down.weight, .up.weight, XLABS",
    "model.diffusion_model.single_blocks.0.processor.qkv_lora, .down.weight, .up.weight, XLABS",
    "base_model.model.double_blocks.0.img_attn.qkv, .lora_A.weight, .lora_B.weight, PEFT",
    "transformer.transformer_blocks.0.attn.to_qkv, .lora.down.weight, .lora.up.weight, DIFFUSERS",
    "lora_unet_double_blocks_0_img_attn_qkv, .lora_down.weight, .lora_up.weight, KOHYA",
    "lycoris_transformer_blocks_0_attn_to_qkv, .lora_down.weight, .lora_up.weight, KOHYA",
    "lora_transformer_transformer_blocks_0_attn_to_qkv, .lora_down.weight, .lora_up.weight, KOHYA"
  })
  void detectsTheKeyFormatAndCountsTheKeys(
      String layer, String down, String up, KeyFormat keyFormat) {
    LoraInspection report =
        Lora.inspect(file(pair(layer + down, layer + up, width, 3 * width), Map.of()), base);
    assertTrue(report.isComplete(), report.toString());
    assertEquals(Optional.of(keyFormat), report.keyFormat());
    assertEquals(2, report.keys().matched());
    assertEquals(3, report.layers());
  }

  @Test
  void namesUnmatchedKeysAsInTheFile() {
    Map<String, long[]> shapes =
        kohya("lora_unet_double_blocks_0_img_attn_qkv", width + 1, 3 * width);
    shapes.putAll(kohya("lora_unet_double_blocks_9_img_attn_qkv", width, 3 * width));
    shapes.putAll(pair(
        "double_blocks.9.processor.proj_lora1.down.weight",
        "double_blocks.9.processor.proj_lora1.up.weight",
        8,
        8));
    LoraInspection report = Lora.inspect(file(shapes, Map.of()), base);
    assertEquals(
        List.of(
            "double_blocks.9.processor.proj_lora1.down.weight",
            "double_blocks.9.processor.proj_lora1.up.weight",
            "lora_unet_double_blocks_9_img_attn_qkv.lora_down.weight",
            "lora_unet_double_blocks_9_img_attn_qkv.lora_up.weight"),
        report.keys().unmatched().stream().sorted().toList());
    assertEquals(
        List.of("\"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight\" [2, " + (width + 1)
            + "] beside a weight [" + 3 * width + ", " + width + "]"),
        report.keys().shapeMismatches());
    assertEquals(1, report.keys().matched());
  }

  @Test
  void refusesTwoKeysThatMeanTheSameRows() {
    Map<String, long[]> shapes = kohya("lora_unet_double_blocks_0_img_attn_qkv", width, 3 * width);
    shapes.put(
        "diffusion_model.transformer_blocks.0.attn.to_k.lora_down.weight", new long[] {2, width});
    Path file = file(shapes, Map.of());
    assertEquals(1, Lora.inspect(file, base).keys().duplicates().size());
    String message =
        assertThrows(InvalidInputException.class, () -> Lora.open(file, base)).getMessage();
    assertTrue(
        message.startsWith(file + ": ")
            && message.contains("lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight")
            && message.contains("diffusion_model.transformer_blocks.0.attn.to_k.lora_down.weight")
            && message.endsWith(
                " name the same tensor of one layer; save the LoRA again, with one adapter a file and"
                    + " one key format"),
        message);
  }

  @ParameterizedTest
  @CsvSource({
    "transformer.transformer_blocks.0.attn.to_q, lora_unet_double_blocks_0_img_attn_qkv, 3",
    "lora_transformer_transformer_blocks_0_attn_to_q, lora_unet_double_blocks_0_img_attn_qkv, 3"
  })
  void ignoresAKeyFormatBesideABetterOne(String better, String worse, int parts) {
    Map<String, long[]> shapes = kohya(better, width, width);
    shapes.putAll(kohya(worse, width, parts * width));
    shapes.put("lora_unet_single_blocks_0_linear2.alpha", new long[0]);
    LoraInspection report = Lora.inspect(file(shapes, Map.of()), base);
    assertEquals(3, report.keys().ignored().size());
    assertTrue(report.isComplete() && report.layers() == 1, report.toString());
  }

  @Test
  void recordsNoMinSnrOfAFlowModel() {
    assertEquals(
        0,
        TrainingObjective.effectiveSettings(TrainingSettings.balanced(), EngineAccess.model(base))
            .minSnrGamma());
  }

  @Test
  void refusesAControlLora() {
    long in =
        EngineAccess.model(base).tensorShape(ModelComponent.TRANSFORMER, "x_embedder.weight")[1];
    Map<String, long[]> shapes =
        pair("img_in.lora_A.weight", "img_in.lora_B.weight", 2 * in, width);
    shapes.put(
        "double_blocks.0.img_attn.norm.query_norm.scale",
        EngineAccess.model(base)
            .tensorShape(ModelComponent.TRANSFORMER, "transformer_blocks.0.attn.norm_q.weight"));
    Path file = file(shapes, Map.of());
    assertEquals(
        file
            + " is a control LoRA, which needs a second input image and is not supported (\"img_in.lora_A.weight\""
            + " takes " + 2 * in + " channels, " + base.name() + " has " + in
            + "); use a ControlNet instead",
        assertThrows(InvalidInputException.class, () -> Lora.open(file, base)).getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "double_blocks.0.img_attn.qkv, double_blocks.0.img_attn.qkv",
    "double_blocks.0.img_attn.qkv, img_attn.qkv",
    "base_model.model.double_blocks.0.img_attn.qkv, ^double_blocks.0.img_attn.qkv",
    "lora_unet_double_blocks_0_img_attn_qkv, lora_unet_double_blocks_0_img_attn_qkv",
    "double_blocks.0.img_attn.qkv, transformer_blocks.0.attn.to_[qkv]"
  })
  void appliesPatternsOfOriginalNames(String layer, String pattern) {
    String settings =
        "{\"transformer.lora_alpha\": 2, \"transformer.alpha_pattern\": {\"" + pattern + "\": 6}}";
    Map<String, long[]> shapes = kohya(layer, width, 3 * width);
    assertEquals(
        new LoraInspection.Scale(3, 3),
        Lora.inspect(file(shapes, Map.of("lora_adapter_metadata", settings)), base)
            .scale());
    try (Lora lora = Lora.open(file(shapes, Map.of("lora_adapter_metadata", settings)), base)) {
      lora.deltas().weights().values().forEach(change -> assertEquals(3, change.scale()));
    }
  }
}
