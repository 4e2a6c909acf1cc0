package dev.likeness.diffusion.internal.family.stablediffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class ReleaseTest {
  @TempDir
  private Path folder;

  @Test
  void loadsAComponentAtItsFirstUseAndAgainAfterItWasReleased() {
    Path golden =
        GoldenFolder.write("xl-base", GoldenFolder.KeyFormat.CURRENT, folder).path();
    ImageRequest request = ImageRequest.of("a man").steps(2).size(32, 32);
    try (BaseModel base = BaseModel.open(golden, Compute.EXACT)) {
      long opened = Pointer.totalCount();
      float[] first = base.generate(request).pixels();
      long used = Pointer.totalCount();
      assertTrue(used > opened + 1000, "tensors loaded at first use: " + (used - opened));
      for (String part : List.of("text_encoder", "text_encoder_2", "unet", "vae")) {
        EngineAccess.model(base).networks(StableDiffusionNetworks.class).release(part);
      }
      assertTrue(
          Pointer.totalCount() < opened + 100, "tensors left: " + (Pointer.totalCount() - opened));
      assertArrayEquals(first, base.generate(request).pixels());
      assertEquals(used, Pointer.totalCount());
      assertEquals(
          "this model has no network \"prior\"",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> EngineAccess.model(base)
                      .networks(StableDiffusionNetworks.class)
                      .release("prior"))
              .getMessage());
    }
  }
}
