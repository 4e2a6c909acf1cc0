package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class MixPortraitTest {
  @Test
  void goesAShareOfTheWayAndSaysFromWhere(@TempDir Path folder) {
    Path from = model(folder.resolve("from"), "a1", 0, 8);
    Path to = model(folder.resolve("to"), "b2", 4, 0);
    MixPortrait.mix(from, to, 0.25, folder.resolve("out"));
    try (TensorScope scope = TensorScope.open();
        Safetensors mixed =
            Safetensors.open(folder.resolve("out/unet/diffusion_pytorch_model.safetensors"))) {
      assertArrayEquals(new float[] {1, 6}, ImageTensors.floats(mixed.read("w")));
      assertEquals("b2", mixed.metadata().get("commit"));
      assertEquals(
          "seed=1, 0.25 of the way from commit a1 seed=1", mixed.metadata().get("numbers"));
    }
    Path other = model(folder.resolve("other"), "c3", 1, 2, 3);
    assertThrows(
        InvalidInputException.class, () -> MixPortrait.mix(from, other, 0.5, folder.resolve("no")));
    assertThrows(
        IllegalArgumentException.class, () -> MixPortrait.mix(from, to, 1.5, folder.resolve("no")));
  }

  private static Path model(Path folder, String commit, float... values) {
    try (TensorScope scope = TensorScope.open()) {
      for (String file :
          new String[] {"unet/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"
          }) {
        SafetensorsWriter.write(
            folder.resolve(file),
            Map.of("w", torch.tensor(values)),
            Map.of("commit", commit, "numbers", "seed=1"));
      }
    }
    return folder;
  }
}
