package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.image.Picture;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContactSheetTest {
  private static final int[] PAPER = {0xFA, 0xF8, 0xF5};

  @Test
  void showsThePhotosAboveTheHeadshots() {
    Picture sheet = ContactSheet.of(List.of(plain(200, 10, 10), plain(200, 10, 10)), headshots(5), "footer");
    assertEquals(1360, sheet.width());
    int photo = firstRow(sheet, 200, 10, 10);
    int headshot = firstRow(sheet, 10, 10, 200);
    assertTrue(photo > 0 && photo < headshot, photo + " and " + headshot);
  }

  @Test
  void growsByARowForEveryFourHeadshots() {
    int one = ContactSheet.of(List.of(), headshots(4), "").height();
    int two = ContactSheet.of(List.of(), headshots(5), "").height();
    assertEquals(304 + 34 + 16, two - one);
  }

  @Test
  void cropsPhotosThatAreNotSquareToTheirMiddle() {
    byte[] wide = new byte[30 * 10 * 3];
    Arrays.fill(wide, (byte) 255);
    Picture sheet = ContactSheet.of(List.of(Picture.of(30, 10, wide)), headshots(1), "");
    assertTrue(firstRow(sheet, 255, 255, 255) > 0);
    assertEquals(PAPER[0], sheet.at(2, 2, 0));
  }

  private static List<Headshot> headshots(int count) {
    return Collections.nCopies(count, new Headshot(plain(10, 10, 200), Style.named("studio"), 7, ImageRequest.of("x"), 1));
  }

  private static Picture plain(int red, int green, int blue) {
    byte[] rgb = new byte[8 * 8 * 3];
    for (int i = 0; i < rgb.length; i += 3) {
      rgb[i] = (byte) red;
      rgb[i + 1] = (byte) green;
      rgb[i + 2] = (byte) blue;
    }
    return Picture.of(8, 8, rgb);
  }

  /** The topmost row with a pixel of this colour, or -1. */
  private static int firstRow(Picture sheet, int red, int green, int blue) {
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
