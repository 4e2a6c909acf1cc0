package dev.likeness.photos.likeness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.WholeImageDetector;
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
  void splitsOffAFifthOfFivePhotosOrMore() {
    ValidationSplit five = ValidationSplit.of(photos(5));
    ValidationSplit eleven = ValidationSplit.of(photos(11));

    assertEquals("[2]", names(five.validation()));
    assertEquals("[0, 1, 3, 4]", names(five.training()));
    assertEquals("[2, 8]", names(eleven.validation()));
    assertTrue(eleven.isIndependent());
  }

  @Test
  void isNotIndependentWithFourPhotos() {
    ValidationSplit four = ValidationSplit.of(photos(4));

    assertEquals(four.training(), four.validation());
    assertFalse(four.isIndependent());
  }

  @Test
  void anImageLikeTheOthersIsAsSimilar() {
    Likeness likeness =
        Likeness.of(ValidationSplit.of(photos(6)), new WholeImageDetector(), new Hue());

    LikenessReport report = likeness.report(List.of(image(3)));

    assertEquals("as similar as two of the person's own photos", report.meaning());
    assertTrue(report.images().get(0).percentile() > 0.25);
    assertTrue(report.isIndependent());
  }

  @Test
  void anImageOfAnotherPersonIsNotRecognised() {
    Likeness likeness =
        Likeness.of(ValidationSplit.of(photos(6)), new WholeImageDetector(), new Hue());

    LikenessReport report = likeness.report(List.of(image(90), image(95)));

    assertEquals("not recognised as the same person by hue", report.meaning());
    assertTrue(report.confidenceInterval().low() <= report.mean()
        && report.mean() <= report.confidenceInterval().high());
  }

  @Test
  void thresholdIsNineTenthsOfGenuinePairsAndAtMostTheEmbedders() {
    Hue eye = new Hue();
    List<float[]> apart = List.of(new float[] {1, 0}, new float[] {0.8f, 0.6f});
    List<float[]> alike = List.of(new float[] {1, 0}, new float[] {1, 0});

    assertEquals(0.9 * 0.8, Likeness.of(apart, new WholeImageDetector(), eye).threshold(), 1e-6);
    assertEquals(
        Math.min(0.9, eye.samePersonThreshold()),
        Likeness.of(alike, new WholeImageDetector(), eye).threshold(),
        1e-6);
    assertEquals(
        eye.samePersonThreshold(),
        Likeness.of(alike.subList(0, 1), new WholeImageDetector(), eye).threshold());
  }

  @Test
  void reportsACaveatIfTheComparisonFlatters() {
    Likeness likeness =
        Likeness.of(ValidationSplit.of(photos(3)), new WholeImageDetector(), new Hue());

    assertEquals(
        "as similar as two of the person's own photos; the photos were also used for training, so "
            + "the score is too high",
        likeness.report(List.of(image(1))).meaning());
  }

  @Test
  void anImageWithoutAFaceHasNoScore() {
    Likeness likeness =
        Likeness.of(ValidationSplit.of(photos(6)), new WholeImageDetector(), new Hue());
    RgbImage tiny = RgbImage.of(1, 1, new byte[3]);

    assertEquals(
        "no face was found in the images", likeness.report(List.of(tiny)).meaning());
    assertEquals(-1, likeness.cosine(tiny));
  }

  @Test
  void selectionNeverUsesThePhotosOfTheReport() {
    ValidationSplit report = ValidationSplit.of(photos(10));

    ValidationSplit choosing = report.forSelection();

    assertTrue(choosing.isIndependent());
    assertTrue(Collections.disjoint(choosing.validation(), report.validation()));
  }

  @Test
  void refusesAPersonWithoutPhotos() {
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> ValidationSplit.of(List.of()));

    assertEquals(
        "a validation split needs at least 1 photo for training and 1 for validation, got 0 and 0",
        refusal.getMessage());
  }

  @Test
  void reportsThatTheEmbedderConditionedTheImages() {
    Likeness likeness =
        Likeness.of(ValidationSplit.of(photos(6)), new WholeImageDetector(), new Hue());

    assertTrue(likeness.conditionedBy("other").report(List.of(image(3))).isIndependent());
    LikenessReport report = likeness.conditionedBy("hue").report(List.of(image(3)));
    assertFalse(report.isIndependent());
    assertEquals(
        "as similar as two of the person's own photos; the embedder was also used to generate the "
            + "images, so the score is too high",
        report.meaning());
  }

  @Test
  void reportsThatTheSamePhotosAndEmbedderSelected() {
    ValidationSplit photos = ValidationSplit.of(photos(10));
    Likeness likeness = Likeness.of(photos, new WholeImageDetector(), new Hue());
    Likeness chooser = Likeness.of(photos.forSelection(), new WholeImageDetector(), new Hue());

    assertTrue(likeness.selectedBy(chooser).report(List.of(image(3))).isIndependent());
    assertFalse(likeness.selectedBy(likeness).report(List.of(image(3))).isIndependent());
  }

  @Test
  void impostorsGiveTheFalseMatchRate() {
    Likeness likeness = Likeness.of(
            ValidationSplit.of(photos(6)), new WholeImageDetector(), new Hue())
        .withImpostors(List.of(photo(20), photo(50), photo(80), photo(85)));

    assertEquals(0, likeness.score(image(3)).falseMatchRate());
    assertEquals(0.5, likeness.score(image(60)).falseMatchRate());
    assertEquals(1, likeness.report(List.of(image(3))).roc().orElseThrow().trueAcceptRateAt(0.01));
  }

  @Test
  void ranksTheMostAlikeFirstAndFacelessLast() {
    Likeness likeness =
        Likeness.of(ValidationSplit.of(photos(6)), new WholeImageDetector(), new Hue());
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
    RocCurve roc = Likeness.of(ValidationSplit.of(photos(6)), new WholeImageDetector(), new Hue())
        .withImpostors(List.of(photo(80), photo(95)))
        .roc()
        .orElseThrow();

    assertEquals(1, roc.auc());
    assertEquals(1, roc.trueAcceptRateAt(0));
  }

  @Test
  void theCurveOfMixedPairsIsTheShareOfWins() {
    RocCurve roc = RocCurve.of(new double[] {0.9, 0.5, 0.4}, new double[] {0.6, 0.4, 0.1, 0.0});

    assertEquals((4 + 3 + 2.5) / 12, roc.auc(), 1e-12);
    assertEquals(1 / 3.0, roc.trueAcceptRateAt(0), 1e-12);
    assertEquals(2 / 3.0, roc.trueAcceptRateAt(0.25), 1e-12);
    assertEquals(1, roc.trueAcceptRateAt(1), 1e-12);
    for (double rate : new double[] {-0.1, 1.1, Double.NaN}) {
      assertEquals(
          "a false accept rate must be in 0..1, got " + rate,
          assertThrows(IllegalArgumentException.class, () -> roc.trueAcceptRateAt(rate))
              .getMessage());
    }
  }

  @Test
  void aCurveNeedsBothKindsOfPairs() {
    IllegalArgumentException refusal = assertThrows(
        IllegalArgumentException.class, () -> RocCurve.of(new double[] {1}, new double[0]));

    assertEquals(
        "a ROC curve needs pairs of both kinds, got 1 of one person and 0 of two people",
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
    public double samePersonThreshold() {
      return 0.9;
    }

    @Override
    public void close() {}
  }
}
