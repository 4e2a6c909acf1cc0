package dev.likeness.provenance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import java.util.Arrays;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WatermarkTest {
  @ParameterizedTest
  @CsvSource({"256, 256", "512, 512", "427, 331", "1024, 768"})
  void survivesJpegAndAResize(int width, int height) {
    RgbImage marked = Watermark.embed(TestImages.of(width, height, width));
    RgbImage resized = Resampler.CUBIC.resize(
        Resampler.CUBIC.resize(marked, width * 9 / 10, height * 9 / 10), width, height);
    assertEquals(OptionalInt.of(48), Watermark.read(marked));
    assertEquals(OptionalInt.of(48), Watermark.read(Watermark.afterJpeg(marked, 0.8)));
    assertEquals(OptionalInt.of(48), Watermark.read(Watermark.afterJpeg(resized, 0.8)));
  }

  // JPEG smears what lies side by side on a plain ground, which is what a bright studio's is.
  @ParameterizedTest
  @CsvSource({"0", "128", "247", "255"})
  void survivesJpegInImagesOfOneColour(int grey) {
    byte[] rgb = new byte[300 * 300 * 3];
    Arrays.fill(rgb, (byte) grey);
    RgbImage marked = Watermark.embed(RgbImage.of(300, 300, rgb));
    assertEquals(OptionalInt.of(48), Watermark.read(marked));
    assertTrue(
        Watermark.read(Watermark.afterJpeg(marked, 0.8)).orElseThrow() >= Watermark.MIN_BITS);
  }

  @Test
  void isFaint() {
    RgbImage image = TestImages.of(512, 512, 9);
    byte[] before = image.rgb();
    byte[] after = Watermark.embed(image).rgb();
    double square = 0;
    for (int i = 0; i < before.length; i++) {
      square += Math.pow((before[i] & 255) - (after[i] & 255), 2);
    }
    double signalToNoise = 10 * Math.log10(255.0 * 255 * before.length / square);
    assertTrue(signalToNoise > 37, signalToNoise + " dB");
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "4", "5"})
  void keepsTheLumaOfEachBlockOfASmoothImage(int seed) {
    RgbImage image = smooth(320, 264, seed);
    byte[] before = image.rgb();
    byte[] after = Watermark.embed(image).rgb();
    double farthest = 0;
    int changed = 0;
    for (int top = 0; top + 8 <= 264; top += 8) {
      for (int left = 0; left + 8 <= 320; left += 8) {
        double shift = 0;
        for (int i = 0; i < 64; i++) {
          int at = ((top + i / 8) * 320 + left + i % 8) * 3;
          shift += (luma(after, at) - luma(before, at)) / 64;
          changed += after[at + 2] == before[at + 2] ? 0 : 1;
        }
        farthest = Math.max(farthest, Math.abs(shift));
      }
    }
    assertTrue(changed > 0, "no block was changed");
    // Rounding of green and blue alone shifts a block by up to 0.35 levels.
    assertTrue(farthest < 0.1, farthest + " levels");
  }

  private static double luma(byte[] rgb, int at) {
    return 0.299 * (rgb[at] & 255) + 0.587 * (rgb[at + 1] & 255) + 0.114 * (rgb[at + 2] & 255);
  }

  /** Slow waves of colour, far from black and white. */
  private static RgbImage smooth(int width, int height, int seed) {
    byte[] rgb = new byte[width * height * 3];
    for (int i = 0; i < rgb.length; i++) {
      double x = i / 3 % width / 70.0;
      double y = i / 3 / width / 50.0;
      rgb[i] =
          (byte) (130 + 35 * Math.sin(x * (1 + i % 3) + seed) + 25 * Math.cos(y * seed + i % 3));
    }
    return RgbImage.of(width, height, rgb);
  }

  @Test
  void isNotFoundInOtherImages() {
    for (int seed = 0; seed < 20; seed++) {
      assertTrue(Watermark.read(TestImages.of(256, 256, seed)).orElseThrow() < Watermark.MIN_BITS);
    }
  }

  @Test
  void leavesSmallImagesAlone() {
    RgbImage small = TestImages.of(255, 256, 1);
    assertEquals(small, Watermark.embed(small));
    assertEquals(OptionalInt.empty(), Watermark.read(small));
  }
}
