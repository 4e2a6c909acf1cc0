package dev.likeness.photos.likeness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.WholePicture;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LikenessTest {
  private static final Face FACE = new Face(
      new BoundingBox(4, 4, 24, 24), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());

  @Test
  void holdsOutAFifthOfFivePhotosOrMore() {
    ValidationSplit five = ValidationSplit.of(photos(5));
    ValidationSplit eleven = ValidationSplit.of(photos(11));

    assertEquals("[2]", names(five.validation()));
    assertEquals("[0, 1, 3, 4]", names(five.training()));
    assertEquals("[2, 8]", names(eleven.validation()));
    assertTrue(eleven.independent());
  }

  @Test
  void admitsThatFourPhotosAreTooFewToHoldAnyOut() {
    ValidationSplit four = ValidationSplit.of(photos(4));

    assertEquals(four.training(), four.validation());
    assertFalse(four.independent());
  }

  @Test
  void aImageLikeTheOthersIsAsSimilarAsTheyAre() {
    Likeness likeness = Likeness.of(ValidationSplit.of(photos(6)), new WholePicture(), new Hue());

    LikenessReport report = likeness.report(List.of(image(3)));

    assertEquals("as similar as two of the person's own photos", report.meaning());
    assertTrue(report.images().get(0).standing() > 0.25);
    assertTrue(report.independent());
  }

  @Test
  void aImageOfSomebodyElseIsNotRecognised() {
    Likeness likeness = Likeness.of(ValidationSplit.of(photos(6)), new WholePicture(), new Hue());

    LikenessReport report = likeness.report(List.of(image(90), image(95)));

    assertEquals("not recognised as the same person by hue", report.meaning());
    assertTrue(report.interval().low() <= report.mean()
        && report.mean() <= report.interval().high());
  }

  @Test
  void asksForNineTenthsOfWhatOwnPhotosHaveAndNoMoreThanOfAnybody() {
    Hue eye = new Hue();
    List<float[]> apart = List.of(new float[] {1, 0}, new float[] {0.8f, 0.6f});
    List<float[]> alike = List.of(new float[] {1, 0}, new float[] {1, 0});

    assertEquals(0.9 * 0.8, Likeness.of(apart, new WholePicture(), eye).least(), 1e-6);
    assertEquals(
        Math.min(0.9, eye.sameAbove()),
        Likeness.of(alike, new WholePicture(), eye).least(),
        1e-6);
    assertEquals(
        eye.sameAbove(),
        Likeness.of(alike.subList(0, 1), new WholePicture(), eye).least());
  }

  @Test
  void saysWhenTheComparisonFlatters() {
    Likeness likeness = Likeness.of(ValidationSplit.of(photos(3)), new WholePicture(), new Hue());

    assertEquals(
        "as similar as two of the person's own photos; the photos compared with took part in training, so "
            + "this flatters",
        likeness.report(List.of(image(1))).meaning());
  }

  @Test
  void aImageWithoutAFaceHasNoScore() {
    Likeness likeness = Likeness.of(ValidationSplit.of(photos(6)), new WholePicture(), new Hue());
    RgbImage tiny = RgbImage.of(1, 1, new byte[3]);

    assertEquals(
        "no face was found in the images", likeness.report(List.of(tiny)).meaning());
    assertEquals(-1, likeness.cosine(tiny));
  }

  @Test
  void choosingNeverSeesThePhotosOfTheReport() {
    ValidationSplit report = ValidationSplit.of(photos(10));

    ValidationSplit choosing = report.forChoosing();

    assertTrue(choosing.independent());
    assertTrue(Collections.disjoint(choosing.validation(), report.validation()));
  }

  @Test
  void refusesAPersonWithoutPhotos() {
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> ValidationSplit.of(List.of()));

    assertEquals(
        "likeness is measured against a person's photos, given none", refusal.getMessage());
  }

  @Test
  void admitsThatTheEmbedderTookPart() {
    Likeness likeness = Likeness.of(ValidationSplit.of(photos(6)), new WholePicture(), new Hue());

    assertTrue(likeness.conditionedBy("other").report(List.of(image(3))).independent());
    LikenessReport report = likeness.conditionedBy("hue").report(List.of(image(3)));
    assertFalse(report.independent());
    assertEquals(
        "as similar as two of the person's own photos; the embedder took part in making the images, so this "
            + "flatters",
        report.meaning());
  }

  @Test
  void admitsThatTheSamePhotosAndEmbedderChose() {
    ValidationSplit photos = ValidationSplit.of(photos(10));
    Likeness likeness = Likeness.of(photos, new WholePicture(), new Hue());
    Likeness chooser = Likeness.of(photos.forChoosing(), new WholePicture(), new Hue());

    assertTrue(likeness.chosenBy(chooser).report(List.of(image(3))).independent());
    assertFalse(likeness.chosenBy(likeness).report(List.of(image(3))).independent());
  }

  @Test
  void impostorsSayHowManyWouldLookAsAlike() {
    Likeness likeness = Likeness.of(ValidationSplit.of(photos(6)), new WholePicture(), new Hue())
        .withImpostors(List.of(photo(20), photo(50), photo(80), photo(85)));

    assertEquals(0, likeness.score(image(3)).impostors());
    assertEquals(0.5, likeness.score(image(60)).impostors());
    assertEquals(1, likeness.report(List.of(image(3))).roc().orElseThrow().acceptedAt(0.01));
  }

  @Test
  void ranksTheMostAlikeFirstAndFacelessLast() {
    Likeness likeness = Likeness.of(ValidationSplit.of(photos(6)), new WholePicture(), new Hue());
    RgbImage faceless = RgbImage.of(1, 1, new byte[3]);

    assertEquals(
        List.of(2, 1, 0),
        likeness.report(List.of(faceless, image(60), image(5))).ranking());
  }

  @Test
  void theIntervalWidensWithDisagreement() {
    ConfidenceInterval same = ConfidenceInterval.ofMean(new double[][] {{0.5, 0.5}, {0.5, 0.5}});
    ConfidenceInterval mixed = ConfidenceInterval.ofMean(new double[][] {{0.2, 0.4}, {0.6, 0.8}});

    assertEquals(0, same.high() - same.low(), 1e-12);
    assertTrue(mixed.low() < 0.45 && mixed.high() > 0.55, mixed.toString());
    assertTrue(Double.isNaN(ConfidenceInterval.ofMean(new double[0][]).low()));
  }

  @Test
  void theCurveOfSeparatePairsIsPerfect() {
    RocCurve roc = Likeness.of(ValidationSplit.of(photos(6)), new WholePicture(), new Hue())
        .withImpostors(List.of(photo(80), photo(95)))
        .roc()
        .orElseThrow();

    assertEquals(1, roc.auc());
    assertEquals(1, roc.acceptedAt(0));
  }

  @Test
  void theCurveOfMixedPairsIsTheShareOfWins() {
    RocCurve roc = RocCurve.of(new double[] {0.9, 0.5, 0.4}, new double[] {0.6, 0.4, 0.1, 0.0});

    assertEquals((4 + 3 + 2.5) / 12, roc.auc(), 1e-12);
    assertEquals(1 / 3.0, roc.acceptedAt(0), 1e-12);
    assertEquals(2 / 3.0, roc.acceptedAt(0.25), 1e-12);
    assertEquals(1, roc.acceptedAt(1), 1e-12);
  }

  @Test
  void aCurveNeedsBothKindsOfPairs() {
    IllegalArgumentException refusal = assertThrows(
        IllegalArgumentException.class, () -> RocCurve.of(new double[] {1}, new double[0]));

    assertEquals(
        "a curve needs pairs of both kinds, given 1 of one person and 0 of two",
        refusal.getMessage());
  }

  private static String names(List<AcceptedPhoto> photos) {
    return photos.stream().map(AcceptedPhoto::name).toList().toString();
  }

  // A person is a range of ten degrees of hue.
  private static List<AcceptedPhoto> photos(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> AcceptedPhoto.of("" + i, image(i * 10.0 / count), FACE))
        .toList();
  }

  private static AcceptedPhoto photo(double degrees) {
    return AcceptedPhoto.of("other", image(degrees), FACE);
  }

  private static RgbImage image(double degrees) {
    byte[] rgb = new byte[32 * 32 * 3];
    for (int i = 0; i < rgb.length; i += 3) {
      rgb[i] = (byte) Math.round(250 * Math.cos(Math.toRadians(degrees)));
      rgb[i + 1] = (byte) Math.round(250 * Math.sin(Math.toRadians(degrees)));
    }
    return RgbImage.of(32, 32, rgb);
  }

  /** An embedder of two numbers: the direction of red and green. */
  private record Hue() implements FaceEmbedder {
    @Override
    public float[] embed(RgbImage image, Face face) {
      double length = Math.hypot(image.at(5, 5, 0), image.at(5, 5, 1));
      return new float[] {(float) (image.at(5, 5, 0) / length), (float) (image.at(5, 5, 1) / length)
      };
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
