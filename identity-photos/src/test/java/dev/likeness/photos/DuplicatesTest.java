package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.ExifOrientation;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies of a shot are found, and the one with the most detail stays. */
class DuplicatesTest {
  private static final Path SELFIES = Path.of("../examples/photos/person-5000000002");

  @Test
  void ofCopiesTheOneWithMostDetailStays() {
    RgbImage clean = selfie(3);
    List<Photo> photos = new ArrayList<>(List.of(
        Photo.of("clean.png", clean.toPng()),
        Photo.of("noisy.png", Degraded.noisy(clean, 12).toPng()),
        Photo.of("grainy.jpg", Encoded.jpeg(Degraded.noisy(clean, 20).toBufferedImage(), 0.9f)),
        Photo.of("dithered.gif", Encoded.as("gif", clean.toBufferedImage())),
        Photo.of("dots.png", dotted(clean).toPng()),
        Photo.of("soft.png", Degraded.blurred(clean, 1.5).toPng()),
        Photo.of(
            "soft-noisy.png", Degraded.noisy(Degraded.blurred(clean, 1.5), 9).toPng()),
        Photo.of("small.png", scaled(clean, 0.5).toPng()),
        Photo.of("small-enlarged.png", scaled(scaled(clean, 0.5), 2).toPng())));
    Collections.shuffle(photos, new Random(70));

    PhotoReview review = PhotoReview.of(PhotoSet.of(photos));

    assertEquals("[clean.png]", review.accepted().toString(), review.toJson());
    for (PhotoVerdict photo : review.photos()) {
      if (photo.reasons().stream().anyMatch(DuplicatesTest::isDuplicate)) {
        assertTrue(
            photo.reasons().get(0).message().endsWith(" as clean.png")
                || photo.reasons().get(0).message().endsWith(" of clean.png"),
            photo.toString());
      }
    }
  }

  private static boolean isDuplicate(Reason reason) {
    return reason.code() == ReasonCode.NEAR_DUPLICATE;
  }

  /** Enlarged by a kind of interpolation, and stored as a kind of file. */
  static Stream<Arguments> enlargements() {
    List<Object> hints = List.of(
        RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR,
        RenderingHints.VALUE_INTERPOLATION_BILINEAR,
        RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    double[] factors = {0.75, 0.67, 0.5, 0.4, 0.3};
    List<Arguments> all = new ArrayList<>();
    for (int selfie = 1; selfie <= 10; selfie++) {
      for (int i = 0; i < 2; i++) {
        all.add(Arguments.of(selfie, hints.get((selfie + i) % 3), factors[(selfie + 2 * i) % 5]));
      }
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("enlargements")
  void ofTwoCopiesTheEnlargedOneIsRejected(int number, Object hint, double factor) {
    RgbImage clean = selfie(number);
    RgbImage enlarged = interpolated(scaled(clean, factor), clean.width(), clean.height(), hint);
    List<byte[]> originals = List.of(
        clean.toPng(),
        Encoded.jpeg(clean.toBufferedImage(), 0.95f),
        Encoded.jpeg(clean.toBufferedImage(), 0.85f));
    List<byte[]> copies = List.of(
        enlarged.toPng(),
        Encoded.jpeg(enlarged.toBufferedImage(), 0.95f),
        Encoded.jpeg(enlarged.toBufferedImage(), 0.85f));
    Photo original = Photo.of("a clean photo", originals.get(number % 3));
    Photo copy = Photo.of("an enlarged copy", copies.get(number / 3 % 3));
    PhotoReview review = PhotoReview.of(
        PhotoSet.of(number % 2 == 0 ? List.of(original, copy) : List.of(copy, original)));
    assertEquals("[a clean photo]", review.accepted().toString(), review.toJson());
  }

  /** The copy is smaller or larger than the photo, but was smaller than it before. */
  @ParameterizedTest
  @ValueSource(doubles = {0.8, 1.25, 1.6})
  void anEnlargedCopyOfAnotherSizeIsRejected(double size) {
    for (int number : new int[] {2, 6}) {
      RgbImage clean = selfie(number);
      RgbImage copy = interpolated(
          scaled(clean, 0.5),
          (int) (size * clean.width()),
          (int) (size * clean.height()),
          RenderingHints.VALUE_INTERPOLATION_BICUBIC);
      PhotoReview review = PhotoReview.of(PhotoSet.of(List.of(
          Photo.of("an enlarged copy", copy.toPng()),
          Photo.of("a clean photo", Encoded.jpeg(clean.toBufferedImage(), 0.9f)))));
      assertEquals("[a clean photo]", review.accepted().toString(), review.toJson());
    }
  }

  static Stream<Arguments> laterChanges() {
    return Stream.of(
        Arguments.of("noise", (UnaryOperator<RgbImage>) image -> Degraded.noisy(image, 6)),
        Arguments.of(
            "compression", (UnaryOperator<RgbImage>) image -> Degraded.compressed(image, 70)),
        Arguments.of("brightness", (UnaryOperator<RgbImage>) image -> Degraded.exposed(image, 1.2)),
        Arguments.of(
            "a tone", (UnaryOperator<RgbImage>) image -> Degraded.toned(image, 0.3, true)));
  }

  /** What was done to a copy after it was enlarged gives it no detail. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("laterChanges")
  void anEnlargedCopyThatWasChangedLaterIsRejected(String name, UnaryOperator<RgbImage> change) {
    for (int number : new int[] {1, 10}) {
      RgbImage clean = selfie(number);
      RgbImage enlarged = interpolated(
          scaled(clean, 1 / 2.5),
          clean.width(),
          clean.height(),
          RenderingHints.VALUE_INTERPOLATION_BICUBIC);
      PhotoReview review = PhotoReview.of(PhotoSet.of(List.of(
          Photo.of("an enlarged copy", change.apply(enlarged).toPng()),
          Photo.of("a clean photo", Encoded.jpeg(clean.toBufferedImage(), 0.9f)))));
      assertEquals("[a clean photo]", review.accepted().toString(), number + review.toJson());
    }
  }

  /** An enlargement of the photo itself has no more detail than the photo. */
  @ParameterizedTest
  @ValueSource(doubles = {1.25, 1.5, 2})
  void thePhotoStaysBesideItsOwnEnlargement(double factor) {
    for (int number : new int[] {2, 8}) {
      RgbImage clean = selfie(number);
      for (Object hint : List.of(
          RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR,
          RenderingHints.VALUE_INTERPOLATION_BILINEAR,
          RenderingHints.VALUE_INTERPOLATION_BICUBIC)) {
        RgbImage enlarged = interpolated(
            clean, (int) (factor * clean.width()), (int) (factor * clean.height()), hint);
        PhotoReview review = PhotoReview.of(PhotoSet.of(List.of(
            Photo.of("an enlarged copy", enlarged.toPng()),
            Photo.of("a clean photo", clean.toPng()))));
        assertEquals("[a clean photo]", review.accepted().toString(), number + review.toJson());
      }
    }
  }

  /** A larger original has detail that its reduction lacks. */
  @ParameterizedTest
  @ValueSource(doubles = {0.85, 0.7, 0.5})
  void theLargerOriginalStaysBesideItsReduction(double factor) {
    for (int number : new int[] {2, 9}) {
      RgbImage clean = selfie(number);
      for (RgbImage smaller : List.of(
          scaled(clean, factor),
          interpolated(
              clean,
              (int) (factor * clean.width()),
              (int) (factor * clean.height()),
              RenderingHints.VALUE_INTERPOLATION_BICUBIC))) {
        PhotoReview review = PhotoReview.of(PhotoSet.of(List.of(
            Photo.of("a reduced copy", smaller.toPng()),
            Photo.of("a clean photo", Encoded.jpeg(clean.toBufferedImage(), 0.9f)))));
        assertEquals("[a clean photo]", review.accepted().toString(), number + review.toJson());
      }
    }
  }

  /** More power at high frequencies is no detail if it is noise. */
  @ParameterizedTest
  @ValueSource(ints = {12, 16, 20, 25, 30})
  void aNoisyCopyIsStillWorse(int deviation) {
    for (int number : new int[] {5, 9}) {
      RgbImage clean = selfie(number);
      PhotoReview review = PhotoReview.of(PhotoSet.of(List.of(
          Photo.of("a noisy copy", Degraded.noisy(clean, deviation).toPng()),
          Photo.of("a clean photo", clean.toPng()))));
      assertEquals("[a clean photo]", review.accepted().toString(), review.toJson());
    }
  }

  private static RgbImage interpolated(RgbImage image, int width, int height, Object hint) {
    BufferedImage out = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = out.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, hint);
    graphics.drawImage(image.toBufferedImage(), 0, 0, width, height, null);
    graphics.dispose();
    return RgbImage.of(out);
  }

  @Test
  void mirroredAndCroppedCopiesAreFound() {
    RgbImage whole = selfie(6);
    AcceptedPhoto photo = PhotoReview.of(PhotoSet.of(List.of(Photo.of("a.png", whole.toPng()))))
        .accepted()
        .get(0);
    int face = (int) photo.face().box().width();
    int x = (int) Math.max(0, photo.face().box().x() - 0.6 * face);
    int y = (int) Math.max(0, photo.face().box().y() - 0.6 * face);
    RgbImage crop = whole.crop(
        x, y, Math.min(whole.width() - x, 2 * face), Math.min(whole.height() - y, 2 * face));
    RgbImage mirrored = ExifOrientation.MIRRORED.toUpright(whole);

    PhotoReview review = PhotoReview.of(PhotoSet.of(List.of(
        Photo.of("a.png", whole.toPng()),
        Photo.of("crop.jpg", Encoded.jpeg(crop.toBufferedImage(), 0.5f)),
        Photo.of("mirror.jpg", Encoded.jpeg(mirrored.toBufferedImage(), 0.5f)))));

    assertEquals("[a.png]", review.accepted().toString(), review.toJson());
    assertEquals("it is a mirrored copy of a.png", duplicate(review, 2).message());
    assertEquals(Verdict.REJECT, duplicate(review, 1).severity());
  }

  @Test
  void otherShotsOfThePersonAreKept() {
    List<Photo> photos = new ArrayList<>();
    for (int i = 1; i <= 9; i++) {
      photos.add(Photo.of(SELFIES.resolve("selfie-0" + i + ".jpg")));
    }

    PhotoReview review = PhotoReview.of(PhotoSet.of(photos));

    assertTrue(
        review.photos().stream()
            .flatMap(photo -> photo.reasons().stream())
            .noneMatch(DuplicatesTest::isDuplicate),
        review.toJson());
  }

  @Test
  void theCleanCopyOfTheCasesStays() {
    PhotoReview review = PhotoReview.of(PhotoSet.from(Material.cases("reports/duplicates")));

    assertEquals("[IMG_1.jpg]", review.accepted().toString(), review.toJson());
  }

  private static Reason duplicate(PhotoReview review, int photo) {
    return review.photos().get(photo).reasons().stream()
        .filter(DuplicatesTest::isDuplicate)
        .findFirst()
        .orElseThrow();
  }

  private static RgbImage selfie(int number) {
    String name = String.format(Locale.ROOT, "selfie-%02d.jpg", number);
    return Resampler.AREA.fit(RgbImage.read(SELFIES.resolve(name)), 560);
  }

  private static RgbImage scaled(RgbImage image, double factor) {
    int width = (int) Math.round(factor * image.width());
    int height = (int) Math.round(factor * image.height());
    return (factor < 1 ? Resampler.AREA : Resampler.CUBIC).resize(image, width, height);
  }

  // Every hundredth pixel is black or white.
  private static RgbImage dotted(RgbImage image) {
    Random random = new Random(5);
    byte[] rgb = image.rgb();
    for (int i = 0; i < rgb.length / 3; i++) {
      int dot = random.nextInt(200);
      for (int c = 0; dot < 2 && c < 3; c++) {
        rgb[3 * i + c] = (byte) (255 * dot);
      }
    }
    return RgbImage.of(image.width(), image.height(), rgb);
  }
}
