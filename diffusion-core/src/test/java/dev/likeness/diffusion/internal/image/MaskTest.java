package dev.likeness.diffusion.internal.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MaskTest {
  /** Of Pillow 13: {@code Image.new("RGB", (1, 1), colour).convert("L").getpixel((0, 0))}. */
  @ParameterizedTest
  @CsvSource({
    "255, 0, 0, 76",
    "0, 255, 0, 150",
    "0, 0, 255, 29",
    "255, 255, 255, 255",
    "10, 200, 30, 124",
    "128, 127, 1, 113"
  })
  void lumaIsThatOfPillow(int red, int green, int blue, int luma) {
    assertEquals(luma, Mask.luma(pixel(red, green, blue), 0, 0));
  }

  @Test
  void keepsTheLevelsOfGreyMasks() {
    for (int level = 0; level < 256; level++) {
      RgbImage grey = pixel(level, level, level);
      assertEquals(level / 255.0, Mask.of(grey).at(0, 0));
      assertEquals(grey, Mask.of(grey).toImage(1, 1));
    }
  }

  @Test
  void pastesAPartAndKeepsTheRest() {
    RgbImage kept = noise(9, 7, 1);
    RgbImage generated = noise(4, 3, 2);
    Mask left = (x, y) -> x < 4 ? 1 : x == 4 ? 0.25 : 0;
    RgbImage pasted = left.paste(generated, 2, 3, kept);
    for (int y = 0; y < 7; y++) {
      for (int x = 0; x < 9; x++) {
        boolean inside = x >= 2 && x < 6 && y >= 3 && y < 6;
        double share = inside ? left.at(x, y) : 0;
        double expected = inside
            ? share * generated.at(x - 2, y - 3, 1) + (1 - share) * kept.at(x, y, 1)
            : kept.at(x, y, 1);
        assertEquals(Math.round(expected), pasted.at(x, y, 1), x + ", " + y);
      }
    }
  }

  private static RgbImage pixel(int red, int green, int blue) {
    return RgbImage.of(1, 1, new byte[] {(byte) red, (byte) green, (byte) blue});
  }

  private static RgbImage noise(int width, int height, int seed) {
    byte[] rgb = new byte[3 * width * height];
    new Random(seed).nextBytes(rgb);
    return RgbImage.of(width, height, rgb);
  }
}
