package dev.likeness.diffusion.internal.family.flux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.RgbImage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KontextSizeTest {
  // Chosen by diffusers 0.42.1's own rule over its own list.
  @ParameterizedTest
  @CsvSource({
    "512,512,1024,1024",
    "1000,700,1248,832",
    "700,1000,832,1248",
    "3000,1000,1568,672",
    "640,480,1184,880",
    "1080,1920,752,1392",
    "999,1000,1024,1024",
    "1080,1350,880,1184",
    "9,9,1024,1024"
  })
  void choosesAsDiffusersDoes(int width, int height, int expectedWidth, int expectedHeight) {
    RgbImage image = RgbImage.of(width, height, new byte[width * height * 3]);
    assertEquals(
        new FluxModel.KontextSize(expectedWidth, expectedHeight),
        FluxModel.KontextSize.nearest(image));
  }
}
