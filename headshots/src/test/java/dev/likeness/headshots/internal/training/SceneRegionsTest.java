package dev.likeness.headshots.internal.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.internal.training.SceneRegions.ClothingMask;
import dev.likeness.headshots.person.FaceTraits;
import dev.likeness.lora.training.TrainingExample;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.Photo;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SceneRegionsTest {
  private static final int SIDE = 64;
  private static final int[] RED = {200, 20, 20};
  private static final int[] WALL = {120, 140, 160};
  private static final int[] SKIN = {220, 180, 150};

  /** A head before a wall, over clothes. */
  private static RgbImage crop() {
    byte[] rgb = new byte[SIDE * SIDE * 3];
    for (int i = 0; i < SIDE * SIDE; i++) {
      int x = i % SIDE;
      int y = i / SIDE;
      int[] colour = Math.hypot(x - 32, (y - 28) / 1.3) < 16 ? SKIN : y >= 50 ? RED : WALL;
      for (int c = 0; c < 3; c++) {
        rgb[3 * i + c] = (byte) colour[c];
      }
    }
    return RgbImage.of(SIDE, SIDE, rgb);
  }

  private static String rgb(RgbImage image, int x, int y) {
    return image.at(x, y, 0) + " " + image.at(x, y, 1) + " " + image.at(x, y, 2);
  }

  private static AcceptedPhoto photo() {
    Face face = new Face(
        new BoundingBox(20, 16, 24, 24), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());
    return AcceptedPhoto.of("selfie.png", crop(), face);
  }

  @Test
  void findsClothesBelowTheChinAndTheWallBesideTheHead() {
    SceneRegions regions = SceneRegions.of(photo(), SIDE);
    RgbImage crop = photo().crop(SIDE, 4);
    assertEquals(
        "red",
        SceneWords.colour(SceneRegions.median(regions.colours(crop, SceneRegions.Part.CLOTHES))));
    byte[] wall = {120, (byte) 140, (byte) 160};
    assertArrayEquals(
        FaceTraits.lab(RgbImage.of(1, 1, wall), 0, 0),
        SceneRegions.median(regions.colours(crop, SceneRegions.Part.BACKDROP)),
        1e-9);
  }

  @Test
  void averagesAMapWhereThePartIs() {
    SceneRegions regions = new SceneRegions(new BoundingBox(20, 16, 24, 24), SIDE);
    float[] below = new float[16 * 16];
    for (int i = 13 * 16; i < below.length; i++) {
      below[i] = 1;
    }
    assertEquals(1, regions.mean(SceneRegions.Part.CLOTHES, below));
    assertEquals(0, regions.mean(SceneRegions.Part.BACKDROP, below));
    assertEquals(3 / 16.0, regions.mean(SceneRegions.Part.ALL, below));
    SceneRegions low = new SceneRegions(new BoundingBox(20, 40, 24, 24), SIDE);
    assertEquals(0, low.mean(SceneRegions.Part.CLOTHES, below), "no clothes in the image");
  }

  @Test
  void bringsScenesToTheCaptionsOfATraining() {
    SceneWords scene = SceneWords.EMPTY
        .with("light", "flash")
        .with("outfit", "a # hoodie")
        .with("outfit colour", "red")
        .with("backdrop", "brick wall");
    List<TrainingExample> images = PersonStudy.trainingExamples(
            List.of(crop(), crop()),
            List.of(photo(), photo()),
            List.of(scene, SceneWords.EMPTY),
            List.of(Optional.empty(), Optional.empty()),
            List.of("selfie of %s", "photo of %s"),
            List.of("gray %s"))
        .stream()
        .flatMap(List::stream)
        .toList();
    List<String> captions =
        images.stream().map(image -> image.caption().orElseThrow()).toList();
    assertEquals("selfie of %s, wearing a hoodie, flash, brick wall", captions.get(0));
    assertEquals("selfie of %s, flash", captions.get(1), "the light is on the face too");
    assertTrue(captions.get(2).matches("selfie of %s, wearing .*, flash, .*"), captions.get(2));
    assertFalse(
        captions.get(2).contains("hoodie") || captions.get(2).contains("brick"), captions.get(2));
    assertEquals("gray %s, flash", captions.get(3));
    assertEquals(List.of("photo of %s", "photo of %s"), captions.subList(4, 6), "nothing is sure");
    assertEquals(8, captions.size());
    assertEquals(
        List.of("20 20 200", "20 200 20", "20 20 200", "74 74 74"),
        images.subList(0, 4).stream().map(each -> rgb(each.image(), 8, 62)).toList(),
        "clothes are dyed, and the last has no colours");
    assertEquals(images.get(0).mask(), images.get(3).mask());
  }

  /** A captioned photo has one example, an other four; copies make photos count by repeats. */
  @Test
  void trainsCaptionedPhotosByTheirCaptionsAndRepeats() {
    Photo file = Photo.of("a.jpg", new byte[1]);
    List<List<TrainingExample>> examples = PersonStudy.trainingExamples(
        List.of(crop(), crop(), crop()),
        List.of(
            photo().withCaptionOf(file.caption("red").repeats(10)),
            photo().withCaptionOf(file.repeats(5)),
            photo().withCaptionOf(file.caption("blue").repeats(5))),
        List.of(SceneWords.EMPTY, SceneWords.EMPTY, SceneWords.EMPTY),
        List.of(Optional.of("%s, red"), Optional.empty(), Optional.of("%s, blue")),
        List.of("selfie of %s"),
        List.of("gray %s"));
    assertEquals(List.of(8, 4, 4), examples.stream().map(List::size).toList());
    assertEquals(Optional.of("%s, red"), examples.get(0).get(7).caption());
    assertEquals(crop(), examples.get(0).get(0).image(), "its own colours");
    List<List<TrainingExample>> lopsided = PersonStudy.trainingExamples(
        List.of(crop(), crop()),
        List.of(photo().withCaptionOf(file.repeats(997)), photo()),
        List.of(SceneWords.EMPTY, SceneWords.EMPTY),
        List.of(Optional.of("%s"), Optional.of("%s")),
        List.of("selfie of %s"),
        List.of("gray %s"));
    assertEquals(List.of(40, 1), lopsided.stream().map(List::size).toList());
  }

  @Test
  void dyesClothesAndNothingElse() {
    SceneRegions regions = new SceneRegions(new BoundingBox(20, 16, 24, 24), SIDE);
    RgbImage lips = crop();
    byte[] rgb = lips.rgb().clone();
    for (int c = 0; c < 3; c++) {
      rgb[3 * (46 * SIDE + 32) + c] = (byte) RED[c];
    }
    RgbImage crop = RgbImage.of(SIDE, SIDE, rgb);
    RgbImage dyed = ClothingMask.of(crop, regions).recolour(0);
    assertEquals("20 20 200", rgb(dyed, 8, 62));
    for (int y = 0; y < 50; y++) {
      for (int x = 0; x < SIDE; x++) {
        assertEquals(
            crop.at(x, y, 0), dyed.at(x, y, 0), "at " + x + ", " + y + ", lips among them");
      }
    }
    assertEquals(255, ClothingMask.of(crop, regions).mask().at(32, 46, 0), "red lips are learnt");
    SceneRegions low = new SceneRegions(new BoundingBox(20, 40, 24, 24), SIDE);
    assertEquals(crop, ClothingMask.of(crop, low).recolour(0), "no clothes in the image");
    assertEquals(255, ClothingMask.of(crop, low).mask().at(32, 62, 0));
  }

  @Test
  void findsClothesBehindHairAndUnderABoxThatIsTooLarge() {
    byte[] rgb = crop().rgb().clone();
    for (int i = 0; i < SIDE * SIDE; i++) {
      boolean hair = i / SIDE < 12 && i % SIDE > 16 && i % SIDE < 48
          || i / SIDE > 20 && Math.abs(Math.abs(i % SIDE - 32) - 18) < 6;
      for (int c = 0; c < 3 && hair; c++) {
        rgb[3 * i + c] = 60;
      }
    }
    RgbImage crop = RgbImage.of(SIDE, SIDE, rgb);
    SceneRegions regions = new SceneRegions(new BoundingBox(16, 16, 32, 32), SIDE);
    assertEquals("red", SceneWords.colour(regions.clothingColour(crop)));
    RgbImage dyed = ClothingMask.of(crop, regions).recolour(0);
    assertEquals("60 60 60", rgb(dyed, 14, 55), "hair before the clothes");
    assertEquals("20 20 200", rgb(dyed, 32, 56), "between hair");
    assertEquals("20 20 200", rgb(dyed, 2, 62), "beside it");
    assertEquals("20 20 200", rgb(dyed, 32, 51), "the collar, above where the box has the chin");
    assertEquals(
        0, ClothingMask.of(crop, regions).mask().at(32, 51, 0), "the collar is not learnt");
  }

  @Test
  void distinguishesBeardsFromClothes() {
    byte[] rgb = crop().rgb().clone();
    for (int i = 34 * SIDE; i < SIDE * SIDE; i++) {
      for (int c = 0; c < 3 && Math.abs(i % SIDE - 32) < 18; c++) {
        rgb[3 * i + c] = (byte) 230;
      }
    }
    RgbImage crop = RgbImage.of(SIDE, SIDE, rgb);
    ClothingMask beside =
        ClothingMask.of(crop, new SceneRegions(new BoundingBox(20, 16, 24, 24), SIDE));
    assertEquals("20 20 200", rgb(beside.recolour(0), 8, 62));
    assertEquals("230 230 230", rgb(beside.recolour(0), 40, 62));
    assertEquals(255, beside.mask().at(32, 55, 0), "the beard is learnt");
  }

  @Test
  void excludesClothesAndBackdropFromTraining() {
    RgbImage mask = ClothingMask.of(crop(), new SceneRegions(new BoundingBox(20, 16, 24, 24), SIDE))
        .mask();
    assertEquals(255, mask.at(32, 28, 0), "the face");
    assertEquals(0, mask.at(2, 2, 0), "the wall");
    assertEquals(0, mask.at(51, 24, 0), "the wall beside the head");
    assertEquals(0, mask.at(8, 62, 0), "the shoulder");
    assertEquals(255, mask.at(32, 47, 0), "the neck");
    assertEquals(0, mask.at(32, 55, 0), "the collar");
  }
}
