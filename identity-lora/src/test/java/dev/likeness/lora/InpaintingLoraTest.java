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
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.internal.algorithm.LoraDelta;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * LoRAs that change a UNet's first layer, on a base that is shown a mask and an image behind its
 * latents.
 */
@ExtendWith(NoTensorLeaks.class)
class InpaintingLoraTest {
  private static final int LATENTS = 4;
  private static final int INPUT_CHANNELS = 9;
  private static BaseModel base;
  private static long width;

  @TempDir
  private Path folder;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = BaseModel.open(PipelineFolder.any("sd1/inpainting", parent), Compute.EXACT);
    width =
        EngineAccess.model(base).tensor(ModelComponent.UNET, "conv_in.weight").size(0);
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  /** Factors of a kind for so many channels, by the ends of their keys. */
  private static Map<String, Tensor> factors(String kind, long channels, NoiseSource noise) {
    Map<String, long[]> shapes =
        switch (kind) {
          case "lora", "dora" ->
            Map.of(
                "lora_down.weight", new long[] {2, channels, 3, 3}, "lora_up.weight", new long[] {
                  width, 2, 1, 1
                });
          case "loha" ->
            Map.of(
                "hada_w1_a",
                new long[] {width, 2},
                "hada_w1_b",
                new long[] {2, channels * 9},
                "hada_w2_a",
                new long[] {width, 2},
                "hada_w2_b",
                new long[] {2, channels * 9});
          case "lokr" ->
            Map.of(
                "lokr_w1", new long[] {2, 2}, "lokr_w2", new long[] {width / 2, channels / 2, 3, 3
                });
          default -> Map.of("diff", new long[] {width, channels, 3, 3});
        };
    Map<String, Tensor> factors = new LinkedHashMap<>();
    shapes.forEach((name, shape) -> factors.put(name, noise.next(shape).squeeze(0)));
    if (kind.equals("dora")) {
      factors.put("dora_scale", torch.ones(width, 1, 1, 1));
    }
    return factors;
  }

  /** What the factors say, reckoned for their own channels. */
  private static Tensor expected(String kind, Map<String, Tensor> f) {
    return switch (kind) {
      case "lora" ->
        torch.matmul(
            f.get("lora_up.weight").flatten(1, -1), f.get("lora_down.weight").flatten(1, -1));
      case "loha" ->
        torch
            .matmul(f.get("hada_w1_a"), f.get("hada_w1_b"))
            .mul(torch.matmul(f.get("hada_w2_a"), f.get("hada_w2_b")));
      case "lokr" -> torch.kron(f.get("lokr_w1").view(2, 2, 1, 1), f.get("lokr_w2"));
      default -> f.get("diff");
    };
  }

  private Path file(String stem, Map<String, Tensor> factors) {
    Path file = folder.resolve("look.safetensors");
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    factors.forEach((end, value) -> tensors.put(stem + "." + end, value));
    SafetensorsWriter.write(file, tensors, Map.of());
    return file;
  }

  private static WeightDelta only(Lora lora) {
    assertEquals(
        "[unet.conv_in [" + width + ", 9, 3, 3]]",
        lora.deltas().weights().keySet().toString());
    return lora.deltas().weights().values().iterator().next();
  }

  @ParameterizedTest
  @CsvSource({
    "lora, lora_unet_conv_in",
    "lora, lora_unet_input_blocks_0_0",
    "lora, unet.conv_in",
    "loha, lora_unet_conv_in",
    "lokr, lora_unet_conv_in",
    "full, lora_unet_conv_in"
  })
  void addsNothingToChannelsThatTheLoraLacks(String kind, String stem) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        NoiseSource noise = NoiseSource.seeded(3L)) {
      Map<String, Tensor> factors = factors(kind, LATENTS, noise);
      try (Lora lora = Lora.open(file(stem, factors), base)) {
        assertTrue(!kind.equals("lora") || only(lora) instanceof LoraDelta, "no longer factors");
        Tensor difference = only(lora)
            .deltaWeight(EngineAccess.model(base).tensor(ModelComponent.UNET, "conv_in.weight"));
        Tensor expected = expected(kind, factors).reshape(width, LATENTS, 3, 3);
        assertTrue(torch.allclose(expected, difference.narrow(1, 0, LATENTS), 1e-5, 1e-6, false));
        assertEquals(
            0,
            difference.narrow(1, LATENTS, INPUT_CHANNELS - LATENTS).abs().max().item_double());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora", "full"})
  void readsALoraOfAnInpaintingBaseUnchanged(String kind) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        NoiseSource noise = NoiseSource.seeded(3L)) {
      Map<String, Tensor> factors = factors(kind, INPUT_CHANNELS, noise);
      try (Lora lora = Lora.open(file("lora_unet_conv_in", factors), base)) {
        Tensor difference = only(lora)
            .deltaWeight(EngineAccess.model(base).tensor(ModelComponent.UNET, "conv_in.weight"));
        assertTrue(torch.allclose(
            expected(kind, factors).reshape(width, INPUT_CHANNELS, 3, 3),
            difference,
            1e-5,
            1e-6,
            false));
      }
    }
  }

  /**
   * DoRA sets the lengths of whole rows, so that the mask's and the image's channels are scaled
   * with them.
   */
  @Test
  void givesRowsTheNormsOfDora() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        NoiseSource noise = NoiseSource.seeded(3L);
        Lora lora = Lora.open(file("lora_unet_conv_in", factors("dora", LATENTS, noise)), base)) {
      Tensor own = EngineAccess.model(base).tensor(ModelComponent.UNET, "conv_in.weight");
      Tensor lengths =
          own.add(only(lora).deltaWeight(own)).flatten(1, -1).square().sum(1).sqrt();
      assertTrue(torch.allclose(torch.ones(width), lengths, 1e-5, 1e-6, false));
    }
  }

  @ParameterizedTest
  @CsvSource({"lora, 5", "full, 8"})
  void refusesOtherWidths(String kind, long channels) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(3L)) {
      Path file = file("lora_unet_conv_in", factors(kind, channels, noise));
      String message =
          assertThrows(InvalidInputException.class, () -> Lora.open(file, base)).getMessage();
      assertTrue(
          message.contains(", " + channels + ", 3, 3] beside a weight [" + width + ", 9, 3, 3]"),
          message);
    }
  }
}
