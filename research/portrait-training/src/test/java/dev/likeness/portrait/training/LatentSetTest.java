package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class LatentSetTest {
  @Test
  void latentsHaveUnitSpreadOrTheScaleOfAModelThatGoesOn(@TempDir Path folder) throws IOException {
    double released = FirstWeights.scale(PortraitModel.files());
    try (TensorScope scope = TensorScope.open();
        LatentSet own = NoiseLatents.of(Files.createDirectories(folder.resolve("a")), 8);
        LatentSet given = NoiseLatents.of(
            Files.createDirectories(folder.resolve("b")), 8, OptionalDouble.of(released))) {
      int[] all = {0, 1, 2, 3, 4, 5, 6, 7};
      assertEquals(1, own.latents(all).std().item_double(), 1e-3);
      Tensor ratio = given.latents(all).div(own.latents(all));
      assertEquals(released / own.scale(), ratio.mean().item_double(), 1e-4);
      assertEquals(released, given.scale());
    }
  }
}
