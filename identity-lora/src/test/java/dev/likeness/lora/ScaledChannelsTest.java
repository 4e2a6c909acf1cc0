package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.file.LoraAlgorithm;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * LyCORIS' IA3, whose modules/ia3.py says what is expected: the weight times one more than what the
 * file holds.
 */
@ExtendWith(NoTensorLeaks.class)
class ScaledChannelsTest extends OnGoldenBase {
  private static final String LINEAR = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k";
  private static final String CONVOLUTION = "down_blocks.0.downsamplers.0.conv";

  @TempDir
  private Path folder;

  @ParameterizedTest
  @CsvSource({
    LINEAR + ", 0, lora_unet_",
    LINEAR + ", 1, lycoris_",
    CONVOLUTION + ", 0, lycoris_",
    CONVOLUTION + ", 1, unet."
  })
  void scalesEachChannel(String layer, int onInput, String prefix) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(3L)) {
      Tensor own = EngineAccess.model(base).tensor(ModelComponent.UNET, layer + ".weight");
      long channels = own.size(onInput);
      Tensor scales = noise.next(new long[] {channels}).flatten().mul(new Scalar(0.3));
      boolean window = own.dim() == 4;
      Path file = file(
          prefix.endsWith("_") ? (prefix + layer).replace('.', '_') : prefix + layer,
          window ? scales.view(1, channels, 1, 1) : scales,
          torch.tensor((long) onInput));
      long[] along = new long[(int) own.dim()];
      Arrays.fill(along, 1);
      along[onInput] = channels;
      Tensor expected = own.mul(scales.mul(new Scalar(0.7)).add(new Scalar(1)).view(along));
      try (Lora lora = Lora.open(file, base);
          FusedLora fused = lora.fuse(0.7)) {
        assertEquals(Set.of(LoraAlgorithm.IA3), lora.inspection().algorithms());
        assertEquals(2, lora.inspection().keys().matched());
        Map<String, Tensor> merged = fused.weights(Compute.EXACT).get(ModelComponent.UNET);
        assertEquals(Set.of(layer + ".weight"), merged.keySet());
        double wrong = expected.sub(merged.get(layer + ".weight")).abs().max().item_double();
        assertTrue(wrong <= 1e-6, "by " + wrong);
      }
    }
  }

  @Test
  void refusesScalesOfTheOtherSide() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor own = EngineAccess.model(base).tensor(ModelComponent.UNET, LINEAR + ".weight");
      Path file = file("unet." + LINEAR, torch.ones(own.size(1)), torch.tensor(0L));
      String said =
          assertThrows(InvalidInputException.class, () -> Lora.open(file, base)).getMessage();
      assertTrue(said.contains("unet." + LINEAR), said);
    }
  }

  private Path file(String layer, Tensor scales, Tensor onInput) {
    Path file = folder.resolve("ia3.safetensors");
    SafetensorsWriter.write(
        file,
        Map.of(layer + ".weight", scales.contiguous(), layer + ".on_input", onInput),
        Map.of());
    return file;
  }
}
