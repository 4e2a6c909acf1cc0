package dev.likeness.headshots.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContactSheetTest {
  @Test
  void showsThePhotosAboveTheHeadshots() {
    RgbImage sheet =
        ContactSheet.of(List.of(plain(200, 10, 10), plain(200, 10, 10)), headshots(5), "footer");
    assertEquals(1360, sheet.width());
    int photo = firstRow(sheet, 200, 10, 10);
    int headshot = firstRow(sheet, 10, 10, 200);
    assertTrue(photo > 0 && photo < headshot, photo + " and " + headshot);
  }

  @Test
  void growsByARowForEveryFourHeadshots() {
    int one = ContactSheet.of(List.of(), headshots(4), "").height();
    int two = ContactSheet.of(List.of(), headshots(5), "").height();
    assertEquals(304 + 56 + 16, two - one);
  }

  @Test
  void showsAllOfImagesThatAreNotSquare() {
    int[] high = visibleBounds(RgbImage.of(160, 200, halves(160, 200)));
    assertEquals(304 * 304 * 4 / 5 / 2.0, high[0], 500, "the upper half, where hair is");
    assertEquals(high[0], high[1], 500);
    int[] wide = visibleBounds(RgbImage.of(300, 200, halves(300, 200)));
    assertEquals(304 * 304 * 2 / 3 / 2.0, wide[0], 500);
    assertEquals(wide[0], wide[1], 500);
  }

  @Test
  void framesTheHeadshotsToUseInTheOrderOfTheRecommendation() {
    Shoot three = shoot(List.of(
        coloured(plain(10, 10, 200)), coloured(plain(200, 10, 10)), coloured(plain(10, 200, 10))));
    Recommendation recommendation = Recommendation.of(
        RecommendationTest.MADE,
        three,
        List.of(
            RecommendationTest.card(1.5),
            RecommendationTest.card(0.1),
            RecommendationTest.card(1.9)));
    RgbImage sheet = ContactSheet.of(recommendation, "");

    int top = firstRow(sheet, 200, 10, 10);
    assertEquals(
        List.of(1, 0, 2),
        recommendation.choices().stream().map(Recommendation.Choice::index).toList());
    for (int i = 0; i < 3; i++) {
      int left = 48 + i * (304 + 16);
      boolean framed = i == 0;
      assertEquals(
          framed,
          sheet.at(left + 1, top + 100, 0) == 0x1d && sheet.at(left + 1, top + 100, 1) == 0x7a,
          "headshot " + i);
      int strongest = new int[] {0, 2, 1}[i];
      assertEquals(200, sheet.at(left + 150, top + 100, strongest), "headshot " + i);
    }
  }

  private static Headshot coloured(RgbImage image) {
    return new Headshot(image, Style.named("studio"), 7, ImageRequest.of("x"), 1);
  }

  /** How many pixels of a sheet are red and how many blue. */
  private static int[] visibleBounds(RgbImage image) {
    Headshot headshot = new Headshot(image, Style.named("studio"), 7, ImageRequest.of("x"), 1);
    RgbImage sheet = ContactSheet.of(List.of(), unscored(List.of(headshot)), "");
    int[] count = new int[2];
    for (int i = 0; i < sheet.width() * sheet.height(); i++) {
      int red = sheet.at(i % sheet.width(), i / sheet.width(), 0);
      int blue = sheet.at(i % sheet.width(), i / sheet.width(), 2);
      count[0] += red - blue > 150 ? 1 : 0;
      count[1] += blue - red > 150 ? 1 : 0;
    }
    return count;
  }

  /** Red above, blue below. */
  private static byte[] halves(int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    for (int i = 0; i < width * height; i++) {
      rgb[3 * i + (i < width * height / 2 ? 0 : 2)] = (byte) 255;
    }
    return rgb;
  }

  private static Recommendation headshots(int count) {
    return unscored(Collections.nCopies(
        count,
        new Headshot(plain(10, 10, 200), Style.named("studio"), 7, ImageRequest.of("x"), 1)));
  }

  private static Recommendation unscored(List<Headshot> headshots) {
    return Recommendation.of(RecommendationTest.MADE, shoot(headshots));
  }

  private static Shoot shoot(List<Headshot> headshots) {
    return new Shoot(ShootRequest.of(Style.named("studio"), 1), headshots);
  }

  private static RgbImage plain(int red, int green, int blue) {
    byte[] rgb = new byte[8 * 8 * 3];
    for (int i = 0; i < rgb.length; i += 3) {
      rgb[i] = (byte) red;
      rgb[i + 1] = (byte) green;
      rgb[i + 2] = (byte) blue;
    }
    return RgbImage.of(8, 8, rgb);
  }

  /** The topmost row with a pixel of this colour, or -1. */
  private static int firstRow(RgbImage sheet, int red, int green, int blue) {
    for (int y = 0; y < sheet.height(); y++) {
      for (int x = 0; x < sheet.width(); x++) {
        if (sheet.at(x, y, 0) == red && sheet.at(x, y, 1) == green && sheet.at(x, y, 2) == blue) {
          return y;
        }
      }
    }
    return -1;
  }
}
