package dev.likeness.diffusion.internal.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.imagefile.ImageFileReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ResamplerTest {
  @ParameterizedTest
  @EnumSource(Resampler.class)
  void aFlatImageStaysFlat(Resampler resampler) {
    RgbImage flat = image(97, 61, (x, y) -> 137);

    assertEquals(image(31, 44, (x, y) -> 137), resampler.resize(flat, 31, 44));
  }

  @ParameterizedTest
  @EnumSource(Resampler.class)
  void theSameSizeKeepsThePixels(Resampler resampler) {
    RgbImage noise = image(40, 30, (x, y) -> (x * 31 + y * 57) & 255);

    assertEquals(noise, resampler.resize(noise, 40, 30));
  }

  @Test
  void areaAveragesWholeBlocks() {
    RgbImage blocks = image(4, 2, (x, y) -> x < 2 ? 10 + 20 * (x + y) : 200);

    RgbImage half = Resampler.AREA.resize(blocks, 2, 1);

    assertEquals(30, half.at(0, 0, 0));
    assertEquals(200, half.at(1, 0, 0));
  }

  @ParameterizedTest
  @EnumSource(Resampler.class)
  void fineStripesBecomeGreyInsteadOfAliasing(Resampler resampler) {
    RgbImage stripes = image(400, 400, (x, y) -> x % 2 * 255);

    RgbImage small = resampler.resize(stripes, 50, 50);

    for (int x = 2; x < 48; x++) {
      assertTrue(Math.abs(small.at(x, 20, 1) - 127) <= 2, x + ": " + small.at(x, 20, 1));
    }
  }

  @Test
  void fitKeepsSmallImages() {
    RgbImage small = image(20, 10, (x, y) -> x);

    assertSame(small, Resampler.AREA.fit(small, 20));
    assertEquals("10x5 image", Resampler.AREA.fit(small, 10).toString());
  }

  @ParameterizedTest
  @CsvSource({"97,61,31", "61,97,96", "40,30,40", "400,3,7", "33,20,2048"})
  void singleRowsAreReducedLikeWholeImages(int width, int height, int longSide) {
    RgbImage noise = image(width, height, (x, y) -> (x * 31 + y * 57 + x * y) & 255);
    Resampler.RowReducer reducer = new Resampler.RowReducer(width, height, longSide);
    byte[] row = new byte[3 * width];
    for (int y = 0; y < height; y++) {
      assertFalse(reducer.isComplete());
      noise.row(y, row);
      reducer.accept(y, row);
    }

    ImageFileReader.Pixels reduced = reducer.toPixels();
    assertEquals(
        Resampler.AREA.fit(noise, longSide),
        RgbImage.of(reduced.width(), reduced.height(), reduced.rgb()));
  }

  @Test
  void aRowThatIsMissingIsNoticed() {
    Resampler.RowReducer reducer = new Resampler.RowReducer(4, 4, 2);
    reducer.accept(0, new byte[12]);

    assertEquals(
        "image rows must be added in order, expected row 1, got row 2",
        assertThrows(IllegalStateException.class, () -> reducer.accept(2, new byte[12]))
            .getMessage());
  }

  private interface Shade {
    int at(int x, int y);
  }

  private static RgbImage image(int width, int height, Shade shade) {
    byte[] rgb = new byte[width * height * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) shade.at(i / 3 % width, i / 3 / width);
    }
    return RgbImage.of(width, height, rgb);
  }
}
