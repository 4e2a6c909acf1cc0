package dev.likeness.photos.face;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HeadCropTest {
  @Test
  void framesHeadAndShouldersAroundTheFace() {
    HeadCrop crop = HeadCrop.of(
        new BoundingBox(900, 600, 200, 200), HeadCrop.Framing.HEAD_AND_SHOULDERS, 2000, 2000, 512);

    assertEquals(new HeadCrop(740, 471, 520), crop);
  }

  @Test
  void expandsTheCropRatherThanEnlarge() {
    assertEquals(
        512,
        HeadCrop.of(
                new BoundingBox(900, 600, 120, 120),
                HeadCrop.Framing.HEAD_AND_SHOULDERS,
                2000,
                2000,
                512)
            .side());
    assertEquals(
        468,
        HeadCrop.of(
                new BoundingBox(900, 600, 100, 100),
                HeadCrop.Framing.HEAD_AND_SHOULDERS,
                2000,
                2000,
                512)
            .side());
  }

  @Test
  void staysInsideTheImage() {
    HeadCrop crop = HeadCrop.of(
        new BoundingBox(-10, 5, 100, 100), HeadCrop.Framing.HEAD_AND_SHOULDERS, 300, 240, 256);

    assertTrue(
        crop.x() >= 0
            && crop.y() >= 0
            && crop.x() + crop.side() <= 300
            && crop.y() + crop.side() <= 240,
        crop.toString());
    assertEquals(240, crop.side());
  }
}
