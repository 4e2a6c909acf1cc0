package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PillowResamplingParityTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
  void resizesToThePixelsThatPillowMakes(int pair, @TempDir Path scratch) {
    try (GoldenImages golden = GoldenImages.file("lanczos.safetensors", scratch)) {
      RgbImage expected = golden.image("to" + pair);
      RgbImage resized = PillowResampling.LANCZOS.resize(
          golden.image("from" + pair), expected.width(), expected.height());
      assertArrayEquals(expected.rgb(), resized.rgb());
    }
  }

  @Test
  void refusesAnEmptySize() {
    RgbImage one = RgbImage.of(1, 1, new byte[3]);
    assertEquals(
        "an image needs at least 1x1 pixels, cannot resize to 0x3",
        assertThrows(
                IllegalArgumentException.class, () -> PillowResampling.LANCZOS.resize(one, 0, 3))
            .getMessage());
  }
}
