package dev.likeness.photos.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.Material;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The published set of one photo stored in every orientation; the digit in the middle is all that
 * may differ.
 */
class OrientationMaterialTest {
  private static final int CELLS = 24;

  @ParameterizedTest
  @ValueSource(strings = {"Landscape", "Portrait"})
  void everyStoredOrientationComesOutTheSame(String name) throws IOException {
    RgbImage upright = image(name, 1);
    for (int i = 0; i <= 8; i++) {
      RgbImage other = image(name, i);
      assertEquals(upright.toString(), other.toString(), name + "_" + i);
      double difference = difference(upright, other);
      assertTrue(difference < 3, name + "_" + i + " differs by " + difference);
    }
  }

  private static RgbImage image(String name, int i) throws IOException {
    byte[] file = Files.readAllBytes(Material.at("photos/orientation/" + name + "_" + i + ".jpg"));
    return new PhotoDecoder(DecodeLimits.DEFAULT).decode(name, file).image();
  }

  private static double difference(RgbImage a, RgbImage b) {
    RgbImage x = Resampler.AREA.resize(a, CELLS, CELLS);
    RgbImage y = Resampler.AREA.resize(b, CELLS, CELLS);
    double sum = 0;
    for (int i = 0; i < CELLS * CELLS; i++) {
      for (int c = 0; c < 3; c++) {
        sum += Math.abs(x.at(i % CELLS, i / CELLS, c) - y.at(i % CELLS, i / CELLS, c));
      }
    }
    return sum / (3 * CELLS * CELLS);
  }
}
