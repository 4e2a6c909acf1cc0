package dev.likeness.provenance;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Random;

/** Images with smooth places, edges and noise, as photos have them. */
public final class TestImages {
  private TestImages() {}

  public static RgbImage of(int width, int height, long seed) {
    Random random = new Random(seed);
    double[] waves = random.doubles(12, 0.5, 4).toArray();
    byte[] rgb = new byte[width * height * 3];
    for (int y = 0, at = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        boolean inside =
            Math.hypot(x - width / 2.0, y - height / 2.0) < Math.min(width, height) / 3.0;
        for (int c = 0; c < 3; c++) {
          double wave =
              Math.sin(waves[c] * x * 6 / width) * Math.cos(waves[3 + c] * y * 6 / height);
          double value = (inside ? 150 : 90) + 60 * wave + 15 * (c - 1) + random.nextGaussian() * 3;
          rgb[at++] = (byte) Math.max(0, Math.min(255, Math.round(value)));
        }
      }
    }
    return RgbImage.of(width, height, rgb);
  }
}
