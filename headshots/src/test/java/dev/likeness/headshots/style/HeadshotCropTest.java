package dev.likeness.headshots.style;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.photos.SameFacesDetector;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HeadshotCropTest {
  private static final RgbImage IMAGE = RgbImage.of(600, 600, new byte[600 * 600 * 3]);
  private static final Face FACE = new Face(
      new BoundingBox(220, 200, 160, 160),
      1,
      HeadPose.FRONTAL,
      Optional.of(new Face.Eyes(new Point(268, 264), new Point(332, 264))),
      Optional.empty());

  @Test
  void putsTheEyesOnTheUpperThirdAndTheFaceInTheMiddle() {
    HeadshotCrop crop = HeadshotCrop.of(IMAGE, FACE, 4 / 5.0);
    assertEquals(
        "480 x 600 at 60, 0",
        crop.width() + " x " + crop.height() + " at " + crop.x() + ", " + crop.y());
    HeadshotCrop wide = HeadshotCrop.of(IMAGE, FACE, 3 / 2.0);
    assertEquals(600 + " x " + 400, wide.width() + " x " + wide.height());
    assertEquals(1 / 3.0, (264.0 - wide.y()) / wide.height(), 0.01);
    assertEquals(400, wide.of(IMAGE).height());
  }

  @Test
  void leavesRoomAboveTheHairRatherThanKeepTheThird() {
    HeadshotCrop crop = HeadshotCrop.of(IMAGE, face(180, 160, 240), 3 / 2.0);
    assertTrue(crop.y() <= 160 - 0.45 * 240 + 1, "" + crop);
  }

  @Test
  void cutsHairOffBeforeTheChinAndKeepsTheEyesWhereNeitherFits() {
    HeadshotCrop wide = HeadshotCrop.of(IMAGE, face(120, 180, 360), 3 / 2.0);
    assertEquals(180 + 1.1 * 360, wide.y() + wide.height(), 1);
    HeadshotCrop banner = HeadshotCrop.of(IMAGE, face(120, 180, 360), 1200 / 630.0);
    // Eyes lie 0.4 of a box below its top.
    assertEquals(1 / 3.0, (180 + 0.4 * 360 - banner.y()) / banner.height(), 0.01);
    HeadshotCrop narrowest = HeadshotCrop.of(IMAGE, face(120, 180, 360), 4);
    assertEquals(1 / 3.0, (180 + 0.4 * 360 - narrowest.y()) / narrowest.height(), 0.01);
  }

  private static Face face(int x, int y, int side) {
    return new Face(
        new BoundingBox(x, y, side, side), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());
  }

  @Test
  void cropsAHeadshotToAFormatByTheFaceInIt() {
    Headshot whole = Headshot.of(IMAGE, Style.defaults().get(0), "woman");
    RgbImage passport =
        whole.crop("35:45", new SameFacesDetector(List.of(FACE))).orElseThrow().image();
    assertEquals("466 x 600", passport.width() + " x " + passport.height());
    RgbImage banner = whole
        .crop("300x150", new SameFacesDetector(List.of(FACE)))
        .orElseThrow()
        .image();
    assertEquals("300 x 150", banner.width() + " x " + banner.height());
    assertTrue(whole.crop("4:5", new SameFacesDetector(List.of())).isEmpty());
    assertEquals(
        IMAGE,
        whole.crop("square", new SameFacesDetector(List.of())).orElseThrow().image());
    Headshot tall =
        Headshot.of(RgbImage.of(300, 400, new byte[300 * 400 * 3]), whole.style(), "woman");
    assertEquals(
        300,
        tall.crop("square", new SameFacesDetector(List.of(face(100, 80, 90))))
            .orElseThrow()
            .image()
            .height());
  }

  @Test
  void keepsTheHeadInsideTheCircleOfAnAvatar() {
    HeadshotCrop crop = HeadshotCrop.avatar(IMAGE, FACE);
    double radius = crop.width() / 2.0;
    Point middle = new Point(crop.x() + radius, crop.y() + radius);
    for (Point corner : new Point[] {
      new Point(236, 180), new Point(364, 180), new Point(236, 360), new Point(364, 360)
    }) {
      assertTrue(middle.distance(corner) < radius, corner + " lies outside " + crop);
    }
  }

  @Test
  void reducesToThePixelsThatAreAskedFor() {
    String banner = "300x158";
    HeadshotCrop crop = HeadshotCrop.of(IMAGE, FACE, HeadshotCrop.ratio(banner));
    assertEquals("300x158 image", crop.of(IMAGE, banner).toString());
    assertEquals("1200x630 image", crop.of(IMAGE, "1200x630").toString(), "enlarged");
    assertEquals(
        "600x400 image", HeadshotCrop.of(IMAGE, FACE, 1.5).of(IMAGE, "3:2").toString());
    assertEquals(
        "the sides of a crop in pixels must be 64 to 4096, got 4x5; for an aspect ratio give 4:5",
        assertThrows(IllegalArgumentException.class, () -> HeadshotCrop.ratio("4x5"))
            .getMessage());
  }

  @Test
  void deliversExactlyThePixelsThatAreAskedForFromASmallImage() {
    byte[] noise = new byte[256 * 256 * 3];
    new Random(2).nextBytes(noise);
    Headshot small = Headshot.of(RgbImage.of(256, 256, noise), Style.defaults().get(0), "woman");
    for (String format : List.of("1200x630", "1584x396", "630x1200", "300x300", "64x64")) {
      for (List<Face> faces : List.of(List.of(face(80, 60, 90)), List.<Face>of())) {
        Headshot cropped = small.crop(format, new SameFacesDetector(faces)).orElseThrow();
        assertEquals(format + " image", cropped.image().toString());
        double factor =
            Stream.of(format.split("x")).mapToInt(Integer::parseInt).max().orElseThrow() / 256.0;
        assertEquals(Math.max(1, factor), cropped.enlargement(), 1e-9, format);
        assertEquals(
            Math.round(100 * cropped.enlargement()) / 100.0,
            cropped.toMap("headshot-001.png").get("enlarged"));
      }
    }
    assertTrue(
        small.crop("4:5", new SameFacesDetector(List.of())).isEmpty(), "a ratio needs the face");
  }

  @Test
  void refusesSidesThatNobodyCrops() {
    assertThrows(IllegalArgumentException.class, () -> HeadshotCrop.of(IMAGE, FACE, 5));
  }
}
