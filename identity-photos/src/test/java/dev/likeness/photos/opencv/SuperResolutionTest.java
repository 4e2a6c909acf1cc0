package dev.likeness.photos.opencv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A network that repeats each pixel four times: what it makes of an image is known to the byte. */
class SuperResolutionTest {
  private static final int SIDE = 32;

  @TempDir
  private static Path folder;

  private static Path file;

  @BeforeAll
  static void write() throws IOException {
    file = Files.write(folder.resolve("twice.onnx"), Onnx.upsampledTwice(SIDE));
  }

  @Test
  void upscalesImagesOfAnySizeWithoutVisibleTiles() {
    RgbImage image = noise(75, 33);
    try (SuperResolution network = SuperResolution.open(file)) {
      assertEquals(2, network.factor());
      assertEquals(repeated(image), network.upscale(image));
      assertEquals("200x90 image", network.upscale(image, 200, 90).toString());
      assertEquals(image, network.upscale(image, 75, 33));
    }
  }

  @Test
  void refusesOtherNetworks() throws IOException {
    Path same = Files.write(folder.resolve("same.onnx"), Onnx.identity(SIDE));
    assertTrue(assertThrows(InvalidInputException.class, () -> SuperResolution.open(same))
        .getMessage()
        .endsWith("expected one output of 2 to 8 times the height and width; give a file such as"
            + " Real-ESRGAN's"));
    Path text = Files.writeString(folder.resolve("text.onnx"), "hello");
    assertEquals(
        "the super-resolution network " + text + " is not an ONNX file; give an ONNX file",
        assertThrows(InvalidInputException.class, () -> SuperResolution.open(text))
            .getMessage());
  }

  private static RgbImage noise(int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    new Random(3).nextBytes(rgb);
    return RgbImage.of(width, height, rgb);
  }

  private static RgbImage repeated(RgbImage image) {
    int width = 2 * image.width();
    byte[] rgb = new byte[width * 2 * image.height() * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) image.at(i / 3 % width / 2, i / 3 / width / 2, i % 3);
    }
    return RgbImage.of(width, 2 * image.height(), rgb);
  }
}
