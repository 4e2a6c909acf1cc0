package dev.likeness.photos.likeness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Box;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.Pose;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LikenessTest {
  private static final Face FACE = new Face(new Box(4, 4, 24, 24), 1, Pose.FRONTAL, Optional.empty(), Optional.empty());

  @Test
  void holdsOutAFifthOfFivePhotosOrMore() {
    HoldOut five = HoldOut.of(photos(5));
    HoldOut eleven = HoldOut.of(photos(11));

    assertEquals("[2]", names(five.heldOut()));
    assertEquals("[0, 1, 3, 4]", names(five.training()));
    assertEquals("[2, 8]", names(eleven.heldOut()));
    assertTrue(eleven.independent());
  }

  @Test
  void admitsThatFourPhotosAreTooFewToHoldAnyOut() {
    HoldOut four = HoldOut.of(photos(4));

    assertEquals(four.training(), four.heldOut());
    assertFalse(four.independent());
  }

  @Test
  void aPictureLikeTheOthersIsAsSimilarAsTheyAre() {
    Likeness likeness = Likeness.of(HoldOut.of(photos(6)), new WholePicture(), new Hue());

    LikenessReport report = likeness.report(List.of(picture(3)));

    assertEquals("as similar as two of the person's own photos", report.meaning());
    assertTrue(report.images().get(0).standing() > 0.25);
    assertTrue(report.independent());
  }

  @Test
  void aPictureOfSomebodyElseIsNotRecognised() {
    Likeness likeness = Likeness.of(HoldOut.of(photos(6)), new WholePicture(), new Hue());

    LikenessReport report = likeness.report(List.of(picture(90), picture(95)));

    assertEquals("not recognised as the same person by hue", report.meaning());
    assertTrue(report.interval().low() <= report.mean() && report.mean() <= report.interval().high());
  }

  @Test
  void saysWhenTheComparisonFlatters() {
    Likeness likeness = Likeness.of(HoldOut.of(photos(3)), new WholePicture(), new Hue());

    assertEquals("as similar as two of the person's own photos; the photos compared with took part in training, so "
        + "this flatters", likeness.report(List.of(picture(1))).meaning());
  }

  @Test
  void aPictureWithoutAFaceHasNoScore() {
    Likeness likeness = Likeness.of(HoldOut.of(photos(6)), new WholePicture(), new Hue());
    Picture tiny = Picture.of(1, 1, new byte[3]);

    assertEquals("no face was found in the pictures", likeness.report(List.of(tiny)).meaning());
    assertEquals(-1, likeness.cosine(tiny));
  }

  @Test
  void theCurveOfSeparatePairsIsPerfect() {
    Roc roc = Likeness.of(HoldOut.of(photos(6)), new WholePicture(), new Hue()).against(List.of(photo(80), photo(95)));

    assertEquals(1, roc.auc());
    assertEquals(1, roc.acceptedAt(0));
  }

  @Test
  void theCurveOfMixedPairsIsTheShareOfWins() {
    Roc roc = Roc.of(new double[] {0.9, 0.5, 0.4}, new double[] {0.6, 0.4, 0.1, 0.0});

    assertEquals((4 + 3 + 2.5) / 12, roc.auc(), 1e-12);
    assertEquals(1 / 3.0, roc.acceptedAt(0), 1e-12);
    assertEquals(2 / 3.0, roc.acceptedAt(0.25), 1e-12);
    assertEquals(1, roc.acceptedAt(1), 1e-12);
  }

  @Test
  void aCurveNeedsBothKindsOfPairs() {
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> Roc.of(new double[] {1}, new double[0]));

    assertEquals("a curve needs pairs of both kinds, given 1 of one person and 0 of two", refusal.getMessage());
  }

  private static String names(List<AcceptedPhoto> photos) {
    return photos.stream().map(AcceptedPhoto::name).toList().toString();
  }

  // A person is a range of ten degrees of hue.
  private static List<AcceptedPhoto> photos(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> new AcceptedPhoto("" + i, picture(i * 10.0 / count), FACE, null)).toList();
  }

  private static AcceptedPhoto photo(double degrees) {
    return new AcceptedPhoto("other", picture(degrees), FACE, null);
  }

  private static Picture picture(double degrees) {
    byte[] rgb = new byte[32 * 32 * 3];
    for (int i = 0; i < rgb.length; i += 3) {
      rgb[i] = (byte) Math.round(250 * Math.cos(Math.toRadians(degrees)));
      rgb[i + 1] = (byte) Math.round(250 * Math.sin(Math.toRadians(degrees)));
    }
    return Picture.of(32, 32, rgb);
  }

  /** Takes every picture for a face, except tiny ones. */
  private record WholePicture() implements FaceDetector {
    @Override
    public List<Face> detect(Picture picture) {
      return picture.width() < 8 ? List.of() : List.of(FACE);
    }

    @Override
    public String name() {
      return "whole";
    }

    @Override
    public void close() {}
  }

  /** An embedder of two numbers: the direction of red and green. */
  private record Hue() implements FaceEmbedder {
    @Override
    public float[] embed(Picture picture, Face face) {
      double length = Math.hypot(picture.at(5, 5, 0), picture.at(5, 5, 1));
      return new float[] {(float) (picture.at(5, 5, 0) / length), (float) (picture.at(5, 5, 1) / length)};
    }

    @Override
    public String name() {
      return "hue";
    }

    @Override
    public double sameAbove() {
      return 0.9;
    }

    @Override
    public void close() {}
  }
}
