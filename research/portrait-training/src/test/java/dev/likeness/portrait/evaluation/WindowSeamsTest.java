package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WindowSeamsTest {
  private static final int SIDE = 160;

  @Test
  void seesWindowsThatDisagreeByTwoGreyLevelsAndNoneWhereThereAreNone() {
    // The standard error of eighty runs of grain is about a twelfth.
    assertEquals(1, WindowSeams.of(image(0), 64, 48), 0.25);
    assertTrue(WindowSeams.of(image(2), 64, 48) > 1.1);
    assertTrue(WindowSeams.of(image(8), 64, 48) > WindowSeams.of(image(2), 64, 48));
  }

  /** Grain, and from the second window's beginning on so many levels more. */
  private static RgbImage image(int levels) {
    Random random = new Random(1);
    byte[] rgb = new byte[SIDE * SIDE * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = i % 3 == 0
          ? (byte) (120 + 2 * random.nextGaussian() + (i / 3 % SIDE >= 48 ? levels : 0))
          : rgb[i - 1];
    }
    return RgbImage.of(SIDE, SIDE, rgb);
  }
}
