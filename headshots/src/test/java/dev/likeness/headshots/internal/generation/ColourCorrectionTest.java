package dev.likeness.headshots.internal.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Random;
import java.util.function.IntBinaryOperator;
import org.junit.jupiter.api.Test;

class ColourCorrectionTest {
  private static final int SIDE = 256;

  @Test
  void restoresPaleColoursAndKeepsGoodOnes() {
    IntBinaryOperator scene = (x, y) -> 60 + x / 2;
    Random random = new Random(3);
    RgbImage before = image(scene);
    RgbImage drawn =
        image((x, y) -> 40 + (scene.applyAsInt(x, y) * 7) / 10 + 8 * (random.nextInt(3) - 1));
    RgbImage kept = TiledUpscale.ColourCorrection.correct(
        before,
        drawn,
        TiledUpscale.ColourCorrection.GRID_CELLS,
        TiledUpscale.ColourCorrection.GRID_CELLS);
    assertTrue(off(before, drawn) > 8, "it had paled");
    assertEquals(0, off(before, kept), 1.0);
    assertEquals(roughness(drawn), roughness(kept), 0.05 * roughness(drawn));
  }

  @Test
  void restoresFadedColoursAtTheGivenResolution() {
    IntBinaryOperator squares = (x, y) -> (x / 8 + y / 8) % 2 == 0 ? 60 : 160;
    RgbImage before = image(squares);
    RgbImage faded = image((x, y) -> 85 + (squares.applyAsInt(x, y) - 60) / 2);
    double coarse = unlike(before, TiledUpscale.ColourCorrection.correct(before, faded, 32, 32));
    double fine =
        unlike(before, TiledUpscale.ColourCorrection.correct(before, faded, SIDE / 2, SIDE / 2));
    assertEquals(25, unlike(before, faded), 1e-9);
    // Smoothly given back, a quarter of it is missing at edges of squares.
    assertTrue(fine < 0.25 * 25 && fine < 0.5 * coarse, fine + " for " + coarse);
  }

  /** The mean difference in grey levels. */
  private static double unlike(RgbImage a, RgbImage b) {
    double sum = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
      sum += Math.abs(a.at(i % SIDE, i / SIDE, 1) - b.at(i % SIDE, i / SIDE, 1));
    }
    return sum / SIDE / SIDE;
  }

  private static RgbImage image(IntBinaryOperator values) {
    byte[] rgb = new byte[SIDE * SIDE * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) values.applyAsInt(i / 3 % SIDE, i / 3 / SIDE);
    }
    return RgbImage.of(SIDE, SIDE, rgb);
  }

  /** The largest difference of the means of squares of sixteen pixels. */
  private static double off(RgbImage a, RgbImage b) {
    double most = 0;
    for (int y = 0; y < SIDE; y += 16) {
      for (int x = 0; x < SIDE; x += 16) {
        double sum = 0;
        for (int i = 0; i < 256; i++) {
          sum += a.at(x + i % 16, y + i / 16, 1) - b.at(x + i % 16, y + i / 16, 1);
        }
        most = Math.max(most, Math.abs(sum / 256));
      }
    }
    return most;
  }

  private static double roughness(RgbImage p) {
    double sum = 0;
    for (int i = 0; i < SIDE * (SIDE - 1); i++) {
      sum += Math.abs(p.at(i % SIDE, i / SIDE, 1) - p.at(i % SIDE, i / SIDE + 1, 1));
    }
    return sum;
  }
}
