package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.internal.image.PerceptualHash;
import dev.likeness.photos.internal.quality.PhotoFeatures;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SetAdviceTest {
  private static final RgbImage IMAGE = PaintedFace.image(64, 64, 32, 30, 30);
  private static final Face.Landmarks POINTS = new Face.Landmarks(
      new Point(25, 26),
      new Point(39, 26),
      new Point(32, 33),
      new Point(27, 40),
      new Point(37, 40));

  @Test
  void reportsInWordsHowManyShareABackground() {
    List<AcceptedPhoto> nine =
        IntStream.range(0, 9).mapToObj(i -> photo(i, 0, i < 7 ? 0 : 100 * i)).toList();

    SetCoverage coverage = SetCoverage.of(nine);

    assertEquals(7, coverage.sameBackground());
    assertTrue(SetAdvice.of(coverage, nine)
        .contains("seven of nine have a similar background colour; add photos taken elsewhere"));
  }

  /**
   * Left is the image's, not the person's: a nose towards the image's right is a photo from the
   * right.
   */
  @Test
  void namesTheAnglesThatAreMissing() {
    List<AcceptedPhoto> photos = List.of(photo(0, 0, 0), photo(1, 30, 90), photo(2, 30, 180));

    List<String> advice = SetAdvice.of(SetCoverage.of(photos), photos);

    assertEquals(new SetCoverage.Angles(0, 1, 2), SetCoverage.of(photos).angles());
    assertTrue(
        advice.contains(
            "no photo from the left; add one with the head half turned to the image's left"),
        advice.toString());
    assertFalse(
        advice.stream().anyMatch(sentence -> sentence.startsWith("no photo from the right")));
  }

  @Test
  void oneMouthInAllPhotosIsOneExpression() {
    List<AcceptedPhoto> photos =
        IntStream.range(0, 5).mapToObj(i -> photo(i, 0, 50 * i)).toList();

    SetCoverage coverage = SetCoverage.of(photos);

    assertEquals(5, coverage.sameExpression());
    assertTrue(SetAdvice.of(coverage, photos)
        .contains("five of five have the same expression; add photos with another expression"));
  }

  @Test
  void varietyIsZeroIfAllIsTheSameAndOneIfAllDiffers() {
    assertEquals(0, new SetCoverage(new SetCoverage.Angles(0, 5, 0), 5, 5, 5, 5, 5).variety(5));
    assertEquals(1, new SetCoverage(new SetCoverage.Angles(0, 5, 0), 1, 1, 1, 1, 1).variety(5));
  }

  @Test
  void advisesMorePhotosBelowThree() {
    List<AcceptedPhoto> one = List.of(photo(0, 0, 0));

    assertEquals(
        List.of("only one usable photo; add more until there are at least three"),
        SetAdvice.of(SetCoverage.of(one), one));
  }

  @Test
  void reportsThatNoneCanBeUsed() {
    assertEquals(
        List.of("no photo can be used; add at least three other photos"),
        SetAdvice.of(SetCoverage.of(List.of()), List.of()));
  }

  // A photo whose background is `tint` red, light and distance differing with `i`.
  private static AcceptedPhoto photo(int i, double yaw, double tint) {
    Face face = new Face(
        new BoundingBox(17, 15, 30, 30),
        1,
        new HeadPose(yaw, 0, 0),
        Optional.empty(),
        Optional.of(POINTS));
    return new AcceptedPhoto(
        "photo " + i,
        IMAGE,
        face,
        new PhotoFeatures(
            new PerceptualHash(i),
            new PerceptualHash(i),
            0.2,
            100 + 20 * i,
            0,
            0.1 + 0.2 * i,
            PhotoFeatures.Expression.of(IMAGE, face),
            new PhotoFeatures.Tint(tint, 0, 0),
            new PhotoFeatures.Tint(60 * i, 0, 0)));
  }
}
