package dev.likeness.lora.internal.file;

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
import dev.likeness.lora.Lora;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** FLUX.1 LoRAs as ComfyUI's merge saves them, with something of every weight. */
@ExtendWith(NoTensorLeaks.class)
class IgnoredKeysTest {
  private static final String TABLE =
      "text_encoders.clip_l.transformer.text_model.embeddings.position_embedding";
  private static BaseModel base;

  @TempDir
  private Path folder;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = BaseModel.open(PipelineFolder.write("flux/dev", parent).path(), Compute.EXACT);
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  /** A LoRA of one layer that has its place, and of what the keys say: of ones, or of zeros. */
  private Path file(Map<String, Boolean> more) {
    Path file = folder.resolve("merged.safetensors");
    long width = EngineAccess.model(base)
        .tensorShape(ModelComponent.TRANSFORMER, "transformer_blocks.0.attn.to_q.weight")[0];
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new HashMap<>();
      more.forEach((key, ones) -> tensors.put(key, ones ? torch.ones(2, 2) : torch.zeros(2, 2)));
      tensors.put(
          "diffusion_model.double_blocks.0.img_attn.proj.lora_A.weight", torch.ones(2, width));
      tensors.put(
          "diffusion_model.double_blocks.0.img_attn.proj.lora_B.weight", torch.ones(width, 2));
      SafetensorsWriter.write(file, tensors, Map.of());
    }
    return file;
  }

  @ParameterizedTest
  @CsvSource({
    TABLE + ".lora_A.weight, true, " + TABLE + ".lora_B.weight, false",
    TABLE + ".lora_A.weight, false, " + TABLE + ".lora_B.weight, true",
    TABLE + ".diff, false, " + TABLE + ".diff_b, false",
    "text_encoders.clip_l.transformer.text_projection.lora_A.weight, true, "
        + "text_encoders.clip_l.transformer.text_projection.lora_B.weight, true",
    "lora_te1_text_projection.lora_down.weight, true, lora_te1_text_projection.lora_up.weight, true"
  })
  void ignoresZeroDeltasAndReportsThem(
      String first, boolean firstOnes, String second, boolean secondOnes) {
    Path file = file(Map.of(first, firstOnes, second, secondOnes));
    try (Lora lora = Lora.open(file, base)) {
      assertEquals(
          List.of(first, second),
          lora.inspection().keys().ignored().stream().sorted().toList());
      assertEquals(2, lora.inspection().keys().matched());
      assertEquals(1, lora.inspection().layers());
      assertTrue(lora.inspection().isComplete());
    }
  }

  @ParameterizedTest
  @CsvSource({
    TABLE + ".lora_A.weight, true, " + TABLE + ".lora_B.weight, true",
    TABLE + ".diff, false, " + TABLE + ".diff_b, true",
    // DoRA's lengths make another weight even of no difference.
    TABLE + ".dora_scale, true, " + TABLE + ".lora_up.weight, false",
    TABLE + ".alpha, false, lora_te1_text_projections.alpha, false"
  })
  void refusesKeysThatMayHaveAnEffect(
      String first, boolean firstOnes, String second, boolean secondOnes) {
    Path file = file(Map.of(first, firstOnes, second, secondOnes));
    String message =
        assertThrows(InvalidInputException.class, () -> Lora.open(file, base)).getMessage();
    assertTrue(
        message.startsWith(file + ": keys that match no layer of ")
            && message.contains(": 2 of 4, e.g. "),
        message);
  }

  @Test
  void ignoresDeltasOfAMissingT5() {
    String layer = "lora_te3_encoder_block_0_layer_0_SelfAttention_q.lora_";
    Path file = folder.resolve("three.safetensors");
    try (BaseModel without =
            BaseModel.open(PipelineFolder.write("sd3/medium", folder).path(), Compute.EXACT);
        TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          file,
          Map.of(layer + "down.weight", torch.ones(2, 8), layer + "up.weight", torch.ones(8, 2)),
          Map.of());
      assertEquals(2, Lora.inspect(file, without).keys().ignored().size());
      String said = assertThrows(InvalidInputException.class, () -> Lora.open(file, without))
          .getMessage();
      assertTrue(said.startsWith(file + " changes nothing in "), said);
    }
  }

  @Test
  void readsNoFactorOfAFileForAnotherFamily() {
    Path file = folder.resolve("xl.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          file,
          Map.of("lora_unet_input_blocks_4_1_attn2_to_k.lora_down.weight", torch.zeros(8, 2048)),
          Map.of());
    }
    assertEquals(List.of(), Lora.inspect(file, base).keys().ignored());
  }
}
