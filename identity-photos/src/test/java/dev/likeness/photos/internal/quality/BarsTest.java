package dev.likeness.photos.internal.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.Degraded;
import dev.likeness.photos.PaintedFace;
import dev.likeness.photos.quality.QualityLimits;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bars around photos are found, and plain walls behind a person are not taken for bars. */
class BarsTest {
  private static final int PHOTOS = 200;

  @Test
  void plainWallsAreNoBars() {
    Random random = new Random(70);
    int alarms = 0;
    for (int i = 0; i < PHOTOS; i++) {
      alarms += isFlagged(studio(random, i % 4)) ? 1 : 0;
    }
    assertTrue(alarms <= 1, alarms + " of " + PHOTOS);
  }

  @Test
  void barsAroundPhotosBeforePlainWallsAreFound() {
    Random random = new Random(71);
    int found = 0;
    for (int i = 0; i < PHOTOS / 2; i++) {
      RgbImage barred = barred(studio(random, i % 4), i % 2 == 0, 0.06 + 0.2 * random.nextDouble());
      found += isFlagged(i % 3 == 0 ? Degraded.compressed(barred, 60) : barred) ? 1 : 0;
    }
    assertTrue(found >= 0.95 * PHOTOS / 2, found + " of " + PHOTOS / 2);
  }

  @Test
  void theShareOfTheBarsIsMeasured() {
    RgbImage barred = barred(PaintedFace.image(400, 300, 200, 140, 120), true, 0.25);

    assertEquals(1 / 3.0, EditTraces.Bars.share(barred), 0.01);
  }

  @Test
  void imagesOfOneColourHaveNoBars() {
    assertEquals(0, EditTraces.Bars.share(RgbImage.of(40, 30, new byte[3600])));
  }

  // A person before a wall: plain white, grey with noise, unevenly lit, or overexposed and saved.
  private static RgbImage studio(Random random, int kind) {
    int width = 240 + random.nextInt(200);
    int height = 240 + random.nextInt(200);
    int grey = 150 + random.nextInt(80);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    Color wall = new Color(grey, grey, Math.min(255, grey + random.nextInt(20)));
    g.setPaint(
        kind == 0 || kind == 3
            ? Color.WHITE
            : kind == 1
                ? wall
                : new GradientPaint(0, 0, wall, width / 2f, 0, wall.brighter(), true));
    g.fillRect(0, 0, width, height);
    g.dispose();
    double face = width * (0.2 + 0.2 * random.nextDouble());
    PaintedFace.paint(
        image,
        width * (0.4 + 0.2 * random.nextDouble()),
        height - face * (1.2 + random.nextDouble()),
        face);
    RgbImage photo = RgbImage.of(image);
    return kind == 1
        ? Degraded.noisy(photo, 3)
        : kind == 3 ? Degraded.compressed(photo, 70) : photo;
  }

  private static RgbImage barred(RgbImage photo, boolean rows, double share) {
    int across = rows ? 0 : (int) (share * photo.width());
    int down = rows ? (int) (share * photo.height()) : 0;
    BufferedImage image = new BufferedImage(
        photo.width() + 2 * across, photo.height() + 2 * down, BufferedImage.TYPE_INT_RGB);
    image.getGraphics().drawImage(photo.toBufferedImage(), across, down, null);
    return RgbImage.of(image);
  }

  private static boolean isFlagged(RgbImage image) {
    return QualityLimits.DEFAULT.band(ReasonCode.BORDERS).judge(EditTraces.Bars.share(image))
        != Verdict.KEEP;
  }
}
