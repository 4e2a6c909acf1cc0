package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.file.LoraAlgorithm;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The marker of OneTrainer's scaled OFT. Plain OFT of numbers that are divided already is the same
 * difference; {@code LoraAlgorithmsTest} compares both with OneTrainer's formulas.
 */
@ExtendWith(NoTensorLeaks.class)
class ScaledOftTest {
  private static final String LAYER = "transformer.transformer_blocks.0.attn.to_q";
  private static final String MARKER = ".oft_R.scaled_oft";
  private static final long SIDE = 16;

  @TempDir
  private static Path scratch;

  private static BaseModel base;

  @TempDir
  private Path folder;

  @BeforeAll
  static void opensTheBase() {
    base = BaseModel.open(PipelineFolder.any("klein/base", scratch), Compute.EXACT);
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  @ParameterizedTest
  @EnumSource(
      value = ScalarType.class,
      names = {"Bool", "Byte", "Int", "Long", "Half", "BFloat16", "Float", "Double"})
  void dividesTheNumbersWhateverTypeTheMarkerHas(ScalarType type) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor numbers = numbers();
      Tensor divided = numbers.div(new Scalar(2 * Math.sqrt(SIDE - 1)));
      assertSame(
          merged(Map.of(LAYER + ".oft_R.weight", divided)),
          merged(
              Map.of(LAYER + ".oft_R.weight", numbers, LAYER + MARKER, marker(1).to(type))));
    }
  }

  @Test
  void leavesTheNumbersIfTheMarkerIsFalse() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor numbers = numbers();
      assertSame(
          merged(Map.of(LAYER + ".oft_R.weight", numbers)),
          merged(Map.of(LAYER + ".oft_R.weight", numbers, LAYER + MARKER, marker(0))));
    }
  }

  /** The name of a layer in the file, and the layer of diffusers that it is, or is part of. */
  static Stream<Arguments> names() {
    return Stream.of(
        arguments(
            "diffusion_model.double_blocks.0.img_attn.proj", LAYER.replace("to_q", "to_out.0")),
        arguments("lora_unet_double_blocks_0_img_attn_proj", LAYER.replace("to_q", "to_out.0")),
        arguments("lora_transformer_transformer_blocks_0_attn_to_q", LAYER),
        arguments("transformer_blocks.0.attn.to_q", LAYER),
        arguments("double_blocks.0.img_mlp.0", "transformer.transformer_blocks.0.ff.linear_in"),
        arguments("double_blocks.0.img_attn.qkv.0", LAYER));
  }

  @ParameterizedTest
  @MethodSource("names")
  void readsTheMarkerUnderEveryNameOfALayer(String name, String layer) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor numbers = numbers();
      Map<String, Tensor> expected =
          merged(Map.of(layer + ".oft_R.weight", numbers, layer + MARKER, marker(1)));
      assertSame(
          expected, merged(Map.of(name + ".oft_R.weight", numbers, name + MARKER, marker(1))));
    }
  }

  @Test
  void rotatesTheInputOfEachPartOfAFusedLayer() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor numbers = numbers();
      String fused = "diffusion_model.double_blocks.0.img_attn.qkv";
      Map<String, Tensor> parts = new HashMap<>();
      for (String part : Set.of("to_q", "to_k", "to_v")) {
        parts.put(LAYER.replace("to_q", part) + ".oft_R.weight", numbers);
        parts.put(LAYER.replace("to_q", part) + MARKER, marker(1));
      }
      assertSame(
          merged(parts),
          merged(Map.of(fused + ".oft_R.weight", numbers, fused + MARKER, marker(1))));
    }
  }

  @Test
  void refusesAMarkerThatMarksNoNumbers() {
    try (TensorScope scope = TensorScope.open()) {
      Path file = write(Map.of(LAYER + MARKER, marker(1)));
      assertEquals(
          file + ": " + LAYER + " lacks a factor, or its factors differ in rank; download the file"
              + " again",
          refusal(file));
      file = write(Map.of(LAYER + ".oft_R.weight", numbers(), LAYER + MARKER, torch.ones(2)));
      assertEquals(
          file + " has keys that do not fit base (1, e.g. \""
              + LAYER
              + MARKER
              + "\" [2] beside a weight [32, 32]); the LoRA is for another base model; give a"
              + " LoRA for this base",
          refusal(file));
      file = write(Map.of(
          LAYER + ".lora_A.weight",
          torch.ones(2, 32),
          LAYER + ".lora_B.weight",
          torch.ones(32, 2),
          LAYER + MARKER,
          marker(1)));
      assertEquals(
          file + " has keys that do not fit base (1, e.g. \""
              + LAYER
              + MARKER
              + "\" [] beside a weight [32, 32]); the LoRA is for another base model; give a"
              + " LoRA for this base",
          refusal(file));
    }
  }

  private static String refusal(Path file) {
    return assertThrows(InvalidInputException.class, () -> Lora.open(file, base))
        .getMessage();
  }

  private static Tensor numbers() {
    try (NoiseSource noise = NoiseSource.seeded(11L)) {
      return noise.next(32 / SIDE, SIDE * (SIDE - 1) / 2).squeeze(0).mul(new Scalar(0.2));
    }
  }

  private static Tensor marker(double value) {
    return torch.scalar_tensor(new Scalar(value)).to(ScalarType.Bool);
  }

  private Path write(Map<String, Tensor> tensors) {
    Path file = folder.resolve("a.safetensors");
    SafetensorsWriter.write(file, tensors, Map.of());
    return file;
  }

  private Map<String, Tensor> merged(Map<String, Tensor> tensors) {
    Map<String, Tensor> copies = new HashMap<>();
    try (Lora lora = Lora.open(write(tensors), base);
        FusedLora fused = lora.fuse(1)) {
      assertEquals(Set.of(LoraAlgorithm.PEFT_OFT), lora.inspection().algorithms());
      assertEquals(tensors.size(), lora.inspection().keys().matched());
      fused
          .weights(Compute.EXACT)
          .forEach((part, weights) -> weights.forEach(
              (name, value) -> copies.put(part.folder() + "." + name, value.clone())));
    }
    return copies;
  }

  private static void assertSame(Map<String, Tensor> expected, Map<String, Tensor> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    // Of a weight's size: the division is rounded to f32 once more.
    expected.forEach((name, value) ->
        assertTrue(torch.allclose(value, actual.get(name), 1e-6, 1e-6, false), name));
  }
}
