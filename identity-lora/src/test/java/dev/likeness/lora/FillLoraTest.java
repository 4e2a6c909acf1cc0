package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import java.nio.file.Path;
import java.util.List;
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
import org.junit.jupiter.params.provider.ValueSource;

/** LoRAs of FLUX.1 on its Fill, which is shown more of each place than it draws. */
@ExtendWith(NoTensorLeaks.class)
class FillLoraTest {
  private static BaseModel base;
  private static long width;
  private static long inputChannels;
  private static long latentChannels;

  @TempDir
  private Path folder;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = BaseModel.open(PipelineFolder.write("flux/fill", parent).path(), Compute.EXACT);
    width =
        EngineAccess.model(base).tensorShape(ModelComponent.TRANSFORMER, "x_embedder.weight")[0];
    inputChannels =
        EngineAccess.model(base).tensorShape(ModelComponent.TRANSFORMER, "x_embedder.weight")[1];
    latentChannels =
        EngineAccess.model(base).tensorShape(ModelComponent.TRANSFORMER, "proj_out.weight")[0];
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  /** A pair of a layer, and a norm that tells FLUX.1. */
  private Path file(String layer, Tensor down, Tensor up) {
    Path file = folder.resolve("look.safetensors");
    long[] norm = EngineAccess.model(base)
        .tensorShape(ModelComponent.TRANSFORMER, "transformer_blocks.0.attn.norm_q.weight");
    SafetensorsWriter.write(
        file,
        Map.of(
            layer + ".lora_down.weight",
            down,
            layer + ".lora_up.weight",
            up,
            "double_blocks.0.img_attn.norm.query_norm.scale",
            torch.ones(norm)),
        Map.of());
    return file;
  }

  @ParameterizedTest
  @ValueSource(strings = {"transformer.x_embedder", "lora_unet_img_in"})
  void addsNothingToChannelsThatTheLoraLacks(String layer) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        NoiseSource noise = NoiseSource.seeded(3L)) {
      Tensor down = noise.next(2, latentChannels).squeeze(0);
      Tensor up = noise.next(width, 2).squeeze(0);
      try (Lora lora = Lora.open(file(layer, down, up), base)) {
        WeightDelta change = lora.deltas().weights().entrySet().stream()
            .filter(one -> one.getKey().name().equals("transformer.x_embedder"))
            .findFirst()
            .orElseThrow()
            .getValue();
        Tensor difference = change.deltaWeight(
            EngineAccess.model(base).tensor(ModelComponent.TRANSFORMER, "x_embedder.weight"));
        assertTrue(torch.allclose(
            torch.matmul(up, down), difference.narrow(1, 0, latentChannels), 1e-5, 1e-6, false));
        assertEquals(
            0,
            difference
                .narrow(1, latentChannels, inputChannels - latentChannels)
                .abs()
                .max()
                .item_double());
      }
    }
  }

  @Test
  void refusesAnotherWidthAndOtherLayers() {
    try (TensorScope scope = TensorScope.open()) {
      assertEquals(
          List.of("\"lora_unet_img_in.lora_down.weight\" [2, " + 2 * latentChannels
              + "] beside a weight [" + width + ", " + inputChannels + "]"),
          Lora.inspect(
                  file("lora_unet_img_in", torch.ones(2, 2 * latentChannels), torch.ones(width, 2)),
                  base)
              .keys()
              .shapeMismatches());
      assertEquals(
          1,
          Lora.inspect(
                  file(
                      "lora_unet_double_blocks_0_img_attn_proj",
                      torch.ones(2, latentChannels),
                      torch.ones(width, 2)),
                  base)
              .keys()
              .shapeMismatches()
              .size());
    }
  }
}
