package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.ExifOrientation;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

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
    return Resampler.AREA.fit(RgbImage.read(SELFIES.resolve("selfie-0" + number + ".jpg")), 560);
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
