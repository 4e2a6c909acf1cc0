package dev.likeness.lora;

import static dev.likeness.diffusion.tensor.DType.BF16;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.file.KeyFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Sums, copies and differences that f32 cannot hold are refused by the name of the tensor. */
@ExtendWith(NoTensorLeaks.class)
class FiniteResultsTest extends OnGoldenBase {
  private static final String LAYER = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
  private static final String KOHYA =
      "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q";
  private static final String NORM = "unet.mid_block.attentions.0.transformer_blocks.0.norm1";
  private static final String OUT =
      "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_out_0";

  @TempDir
  private Path files;

  private static Map<String, Tensor> pair(double number) {
    return Map.of(
        LAYER + ".lora_A.weight", torch.full(new long[] {2, 64}, new Scalar(number)),
        LAYER + ".lora_B.weight", torch.full(new long[] {64, 2}, new Scalar(number)));
  }

  private static Map<String, Tensor> filled(String key, double number, long... shape) {
    return Map.of(key, torch.full(shape, new Scalar(number)));
  }

  private Lora open(String name, Map<String, Tensor> tensors) {
    Path file = files.resolve(name + ".safetensors");
    SafetensorsWriter.write(file, tensors, Map.of());
    return Lora.open(file, base);
  }

  /** What is merged, its weight, the tensor that the refusal names, and its advice. */
  static Stream<Arguments> sums() {
    String smaller = "give smaller weights";
    String other = "give LoRAs with smaller numbers";
    String plain = KOHYA + ".";
    return Stream.of(
        arguments("pair", pair(1), 3e38, LAYER, smaller),
        arguments("pair", pair(1), -3e38, LAYER, smaller),
        arguments("pair", pair(3e19), 1.0, LAYER, other),
        arguments("difference", filled(plain + "diff", 1, 64, 64), 1e38, LAYER, smaller),
        arguments("difference", filled(plain + "diff", 3e38, 64, 64), 1.0, LAYER, other),
        arguments(
            "bias",
            filled(OUT + ".diff_b", 10, 64),
            1e38,
            "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0.bias",
            smaller),
        arguments(
            "norm",
            filled(NORM.replace("unet.", "lora_unet_").replace('.', '_') + ".w_norm", 10, 64),
            1e38,
            NORM,
            smaller));
  }

  @ParameterizedTest
  @MethodSource("sums")
  void refusesASum(
      String kind, Map<String, Tensor> tensors, double weight, String name, String advice) {
    try (TensorScope scope = TensorScope.open();
        Lora lora = open(kind, tensors)) {
      assertEquals(
          "the sum of the LoRAs at the weights [" + weight + "] has values of " + name
              + " that are NaN or infinite; " + advice,
          assertThrows(InvalidInputException.class, () -> LoraMerge.merge(Map.of(lora, weight), 4))
              .getMessage());
    }
  }

  @Test
  void refusesTheSumOfTwoThatAreFiniteAlone() {
    try (TensorScope scope = TensorScope.open();
        Lora first = open("first", filled(KOHYA + ".diff", 3e38, 64, 64));
        Lora second = open("second", filled(KOHYA + ".diff", 3e38, 64, 64))) {
      Map<Lora, Double> both = new LinkedHashMap<>();
      both.put(first, 1.0);
      both.put(second, 0.5);
      assertEquals(
          "the sum of the LoRAs at the weights [1.0, 0.5] has values of " + LAYER
              + " that are NaN or infinite; give LoRAs with smaller numbers",
          assertThrows(InvalidInputException.class, () -> LoraMerge.merge(both, 4))
              .getMessage());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = KeyFormat.class,
      names = {"PEFT", "DIFFUSERS", "KOHYA"})
  void writesNoFileOfInfiniteFactors(KeyFormat keyFormat) {
    Path out = files.resolve("out.safetensors");
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open()) {
      tensors.putAll(pair(100));
      tensors.put(KOHYA + ".alpha", torch.full(new long[0], new Scalar(3e38)));
      try (Lora lora = open("alpha", tensors)) {
        String key =
            switch (keyFormat) {
              case PEFT -> LAYER + ".lora_B.weight";
              case DIFFUSERS -> LAYER + ".lora.up.weight";
              default -> KOHYA + ".lora_up.weight";
            };
        assertEquals(
            "cannot write " + out + ": \"" + key + "\" would have values that are NaN or infinite;"
                + " give a LoRA with smaller numbers",
            assertThrows(InvalidInputException.class, () -> lora.save(out, keyFormat))
                .getMessage());
        assertFalse(Files.exists(out));
      }
    }
  }

  /** A difference and the weight at which the merged weight is not finite. */
  static Stream<Arguments> fused() {
    return Stream.of(
        arguments(pair(1), 3e38, Compute.EXACT),
        arguments(pair(3e19), 1.0, Compute.EXACT),
        arguments(filled(KOHYA + ".diff", 3e38, 64, 64), -2.0, Compute.EXACT),
        arguments(filled(KOHYA + ".set_weight", 3.4e38, 64, 64), 2.0, Compute.EXACT),
        // The largest number of bf16 is 3.39e38.
        arguments(filled(KOHYA + ".diff", 3.4e38, 64, 64), 1.0, Compute.cpu(BF16)));
  }

  @ParameterizedTest
  @MethodSource("fused")
  void refusesAFusedWeight(Map<String, Tensor> tensors, double weight, Compute compute) {
    try (TensorScope scope = TensorScope.open();
        Lora lora = open("fused", tensors);
        FusedLora fused = lora.fuse(weight)) {
      assertEquals(
          "the LoRA at the weight " + weight + " gives values of " + LAYER
              + ".weight that are NaN or infinite in " + compute.dtype()
              + "; fuse it with a smaller weight",
          assertThrows(InvalidInputException.class, () -> fused.weights(compute))
              .getMessage());
    }
  }

  @Test
  void refusesADifferenceOfModels() {
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, files).path();
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> weights = new LinkedHashMap<>();
      OpenModel own = EngineAccess.model(base);
      own.tensorNames(ModelComponent.UNET)
          .forEach(name -> weights.put(name, own.tensor(ModelComponent.UNET, name)));
      // Finite numbers whose singular value, 64 times as large, is not.
      weights.put(
          LAYER.substring("unet.".length()) + ".weight",
          torch.full(new long[] {64, 64}, new Scalar(1e38)));
      SafetensorsWriter.write(
          folder.resolve("unet/diffusion_pytorch_model.safetensors"), weights, Map.of());
      try (BaseModel tuned = BaseModel.open(folder, Compute.EXACT)) {
        assertEquals(
            "the difference of " + tuned.name() + " and " + base.name() + " has values of " + LAYER
                + " that are NaN or infinite; give undamaged models",
            assertThrows(InvalidInputException.class, () -> LoraMerge.extract(base, tuned, 2))
                .getMessage());
      }
    }
  }
}
