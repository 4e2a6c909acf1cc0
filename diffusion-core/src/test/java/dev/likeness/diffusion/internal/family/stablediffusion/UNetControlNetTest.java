package dev.likeness.diffusion.internal.family.stablediffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.junit.jupiter.api.Test;

class UNetControlNetTest {
  @Test
  void maskedPartIsMissingFromTheControlImage() {
    RgbImage grey = RgbImage.of(2, 1, new byte[] {51, 51, 51, 51, 51, 51});
    RgbImage white =
        RgbImage.of(2, 1, new byte[] {(byte) 128, (byte) 128, (byte) 128, 127, 127, 127});
    try (TensorScope scope = TensorScope.open()) {
      assertArrayEquals(
          new float[] {-1, 0.2f, -1, 0.2f, -1, 0.2f},
          ImageTensors.floats(UNetControlNet.pixels(grey, white, false)),
          1e-6f);
      assertArrayEquals(
          new float[] {0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f},
          ImageTensors.floats(UNetControlNet.pixels(grey, null, false)),
          1e-6f);
    }
  }
}
