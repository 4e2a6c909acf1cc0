package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.sd3.Sd3Networks;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class TrainFlowTest {
  @Test
  void learnsAndLeavesAModelOfStableDiffusion3sShapeThatDraws(@TempDir Path folder)
      throws IOException {
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          folder.resolve("latents-000.safetensors"),
          Map.of(
              "latents", torch.randn(4, 8, 32, 32).to(ScalarType.Half),
              "tokens", torch.full(new long[] {4, 1, 77}, new Scalar(950)).to(ScalarType.Short),
              "focus", torch.ones(4, 1, 32, 32).to(ScalarType.Half)),
          Map.of());
    }
    TrainFlow.main(new String[] {folder.toString(), folder.resolve("out").toString(), "2"});
    try (TensorScope scope = TensorScope.open();
        Safetensors state = Safetensors.open(folder.resolve("out/state.safetensors"))) {
      assertTrue(
          state.read("weights.proj_out.weight").abs().sum().item_double() > 0, "it began at zero");
    }
    try (BaseModel base = BaseModel.open(folder.resolve("out/folder"), Compute.of("cpu", "bf16"))) {
      assertTrue(EngineAccess.model(base).networks() instanceof Sd3Networks);
      RgbImage image =
          base.generate(ImageRequest.of("portrait of a man").steps(1).seed(1)).image();
      assertEquals(256, image.width());
    }
  }
}
