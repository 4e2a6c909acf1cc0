package dev.likeness.lora.internal.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.FusedLora;
import dev.likeness.lora.Lora;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The projection of SDXL's pooled text, which is no layer of the encoder's blocks. */
@ExtendWith(NoTensorLeaks.class)
class TextProjectionTest {
  @TempDir
  private Path folder;

  @Test
  void isTheSameUnmergedAndMerged() {
    try (BaseModel base = BaseModel.open(
            GoldenFolder.write("xl-base", GoldenFolder.KeyFormat.CURRENT, folder)
                .path(),
            Compute.EXACT);
        Lora lora = Lora.open(
            file(LayerTable.of(EngineAccess.model(base))
                .find(ModelComponent.TEXT_ENCODER_2, "text_projection")
                .orElseThrow()),
            base);
        FusedLora fused = lora.fuse(1)) {
      assertTrue(lora.inspection().isComplete());
      ImageRequest request = ImageRequest.of("a woman").steps(2).seed(1);
      GeneratedImage beside = base.generate(request.adapter(lora.at(1)));
      assertFalse(
          Arrays.equals(
              base.generate(request).latents().values(), beside.latents().values()),
          "the change is not drawn");
      // Values of up to some tens, in f32.
      assertArrayEquals(
          base.generate(request.adapter(fused.adapter())).latents().values(),
          beside.latents().values(),
          1e-3F,
          "merged");
    }
  }

  private Path file(TargetLayer layer) {
    Path file = folder.resolve("projection.safetensors");
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(3L)) {
      SafetensorsWriter.write(
          file,
          Map.of(
              "lora_te2_text_projection.lora_down.weight",
              noise.next(2, layer.in()).squeeze(0),
              "lora_te2_text_projection.lora_up.weight",
              noise.next(layer.out(), 2).squeeze(0)),
          Map.of());
    }
    return file;
  }
}
