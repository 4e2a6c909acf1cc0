package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.ExifOrientation;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.HeadCrop;
import dev.likeness.photos.quality.QualityLimits;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PhotoReviewTest {
  private static final byte[] GOOD =
      Encoded.as("png", PaintedFace.portrait(400, 400, 200, 180, 140));

  @TempDir
  Path folder;

  @Test
  void readsLargeFiles(@TempDir Path folder) throws IOException {
    assertEquals(
        3,
        Photo.of(Files.write(folder.resolve("ada.png"), new byte[3]))
            .readBytes(Integer.MAX_VALUE)
            .length);
  }

  @Test
  void acceptsAPortraitAndCropsIt() {
    PhotoReview review = PhotoReview.of(PhotoSet.of(List.of(Photo.of("ada.png", GOOD))));

    assertEquals(Verdict.KEEP, review.photos().get(0).verdict(), review.toJson());
    AcceptedPhoto ada = review.accepted().get(0);
    assertTrue(
        ada.face().box().iou(new BoundingBox(125, 100, 150, 170)) > 0.6,
        ada.face().toString());
    assertEquals("256x256 image", ada.crop(256).toString());
  }

  @Test
  void enlargesOnlyIfAllowed() {
    AcceptedPhoto ada = PhotoReview.of(PhotoSet.of(List.of(Photo.of("ada.png", GOOD))))
        .accepted()
        .get(0);

    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> ada.crop(512));

    assertEquals(
        "the crop is 400 pixels wide and must be enlarged 1.28 times to 512 pixels; allow this"
            + " with crop(512, 1.28), or use a larger photo",
        refusal.getMessage());
    assertEquals("512x512 image", ada.crop(512, 1.28).toString());
    assertEquals(1.28, ada.enlargement(512));
  }

  @Test
  void reviewsTheOtherPhotosIfSomeFilesAreBroken() throws IOException {
    Files.writeString(folder.resolve("letter.jpg"), "dear photographer");
    Files.write(folder.resolve("nothing.png"), new byte[0]);
    Files.write(folder.resolve("ada"), GOOD);
    Files.writeString(folder.resolve("notes.txt"), "not a photo and not named like one");
    Files.writeString(folder.resolve(".hidden.png"), "");

    PhotoReview review = PhotoReview.of(PhotoSet.from(folder));

    assertEquals(
        "{\"photos\":["
            + "{\"file\":\"ada\",\"format\":\"png\",\"verdict\":\"keep\",\"reasons\":[],\"faces\":1,\"group\":null},"
            + "{\"file\":\"letter.jpg\",\"format\":null,\"verdict\":\"reject\","
            + "\"reasons\":[{\"code\":\"not-an-image\",\"value\":null,\"limit\":null,"
            + "\"message\":\"is not an image file; give a JPEG, PNG, WebP, GIF, BMP or TIFF"
            + " file\"}],\"faces\":0,\"group\":null},"
            + "{\"file\":\"nothing.png\",\"format\":null,\"verdict\":\"reject\","
            + "\"reasons\":[{\"code\":\"empty-file\",\"value\":null,\"limit\":null,"
            + "\"message\":\"has 0 bytes; copy the photo again\"}],\"faces\":0,\"group\":null}],",
        review.toJson().substring(0, review.toJson().indexOf("\"set\"")));
    assertEquals(1, review.accepted().size());
  }

  /** BRISQUE halves a head, which leaves nothing of one pixel. */
  @Test
  void reviewsTheOtherPhotosIfOpenCvFailsAtOne() {
    byte[] strip = RgbImage.of(300, 1, new byte[900]).toPng();
    try (ReviewTools tools = ReviewTools.builtIn().withDetector(new WholeImageDetector())) {
      PhotoReview review = PhotoReview.of(
          PhotoSet.of(List.of(Photo.of("strip.png", strip), Photo.of("ada.png", GOOD))), tools);

      String told = review.photos().get(0).reasons().get(0).message();
      assertTrue(
          told.startsWith("cannot be checked: OpenCV(")
              && told.endsWith(" in function 'resize'; use another photo"),
          told);
      assertEquals(1, review.accepted().size());
    }
  }

  @Test
  void namesTheFilesWhenNoneIsUsable() throws IOException {
    Files.writeString(folder.resolve("letter.jpg"), "dear photographer");
    Files.write(folder.resolve("nothing.png"), new byte[0]);
    PhotoSet set = PhotoSet.from(folder);

    NoUsablePhotoException refusal =
        assertThrows(NoUsablePhotoException.class, () -> PhotoReview.of(set));

    assertEquals(
        "none of the 2 photos can be used: letter.jpg: is not an image file; give a JPEG, PNG,"
            + " WebP,"
            + " GIF, BMP or TIFF file; nothing.png: has 0 bytes; copy the photo again",
        refusal.getMessage());
    assertEquals(2, refusal.review().orElseThrow().photos().size());
  }

  @Test
  void refusesAnEmptyFolderInOneLine() {
    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> PhotoSet.from(folder));

    assertEquals(
        folder + " contains no photo; put 3 to 20 JPEG, PNG or WebP photos of the person into this"
            + " folder",
        refusal.getMessage());
  }

  @Test
  void refusesAFolderThatIsNotThere() {
    Path missing = folder.resolve("missing");

    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> PhotoSet.from(missing));

    assertEquals(
        missing + " is not a folder; give the folder with the person's photos",
        refusal.getMessage());
  }

  @Test
  void rejectsAPhotoWithoutAFaceAndOneWithTwo() {
    byte[] empty = Encoded.as("png", PaintedFace.backdrop(400, 300));
    BufferedImage two = PaintedFace.portrait(600, 300, 150, 130, 110);
    PaintedFace.paint(two, 430, 130, 110);

    PhotoReview review = PhotoReview.of(PhotoSet.of(List.of(
        Photo.of("empty.png", empty),
        Photo.of("two.png", new ByteArrayInputStream(Encoded.as("png", two))),
        Photo.of("ada.png", GOOD))));

    assertEquals("[no-face]", codes(review, 0));
    assertEquals(
        "several-faces", review.photos().get(1).worst().orElseThrow().code().id());
    assertEquals("[]", codes(review, 2));
    assertTrue(review
        .photos()
        .get(1)
        .reasons()
        .get(0)
        .message()
        .startsWith("2 faces were found, the second "));
  }

  @Test
  void rotatesAPhotoThatIsNotUprightAndReportsIt() {
    RgbImage upright = PaintedFace.image(400, 300, 200, 140, 120);
    for (ExifOrientation lay : List.of(
        ExifOrientation.TURNED_RIGHT, ExifOrientation.TURNED_LEFT, ExifOrientation.UPSIDE_DOWN)) {
      PhotoReview review = PhotoReview.of(
          PhotoSet.of(List.of(Photo.of("ada.png", lay.toUpright(upright).toPng()))));

      assertTrue(codes(review, 0).contains("rotated"), lay + ": " + codes(review, 0));
      assertEquals(upright, review.accepted().get(0).image(), lay.toString());
    }
  }

  @Test
  void rendersASheetWithACardForEveryPhoto() {
    PhotoReview review = PhotoReview.of(
        PhotoSet.of(List.of(Photo.of("ada.png", GOOD), Photo.of("letter.jpg", new byte[9]))));

    RgbImage sheet = review.toSheet();

    assertEquals(900, sheet.width());
    assertTrue(sheet.height() > 500, sheet.toString());
  }

  @Test
  void theBestSubsetBeginsWithTheCrispest() {
    RgbImage sharp = PaintedFace.image(400, 400, 200, 180, 140);
    List<Photo> photos = List.of(
        Photo.of("soft.png", Degraded.blurred(sharp, 2).toPng()),
        Photo.of("other.png", PaintedFace.image(500, 400, 300, 160, 120).toPng()));

    // The painted faces are alike, so the review takes them for copies of one shot.
    QualityLimits limits =
        QualityLimits.DEFAULT.with(ReasonCode.NEAR_DUPLICATE, new QualityLimits.Band(-1, -2));
    PhotoReview review;
    try (ReviewTools tools = ReviewTools.builtIn()) {
      review = PhotoReview.of(
          PhotoSet.of(photos), tools, ReviewOptions.defaults().withQualityLimits(limits));
    }

    assertEquals("other.png", review.best(1).get(0).name());
    assertEquals(2, review.best(9).size());
  }

  @Test
  void cropsToTheGivenFraming() {
    AcceptedPhoto ada = PhotoReview.of(PhotoSet.of(List.of(Photo.of("ada.png", GOOD))))
        .accepted()
        .get(0);

    assertEquals("128x128 image", ada.crop(128, HeadCrop.Framing.FACE).toString());
    assertEquals("224x224 image", ada.crop(224, HeadCrop.Framing.HEAD).toString());
    assertEquals("112x112 image", ada.align(AlignmentTemplate.ARCFACE).toString());
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> ada.crop(512, HeadCrop.Framing.FACE));
    assertTrue(
        refusal.getMessage().contains("allow this with crop(512, Framing.FACE, "),
        refusal.getMessage());
    for (double factor : new double[] {0.99, 0, -1, Double.NaN, Double.NEGATIVE_INFINITY}) {
      String message = "the largest enlargement of a crop must be at least 1, got " + factor
          + "; give 1 for a crop that is never enlarged";
      assertEquals(
          message,
          assertThrows(IllegalArgumentException.class, () -> ada.crop(64, factor))
              .getMessage());
      assertEquals(
          message,
          assertThrows(
                  IllegalArgumentException.class, () -> ada.crop(64, HeadCrop.Framing.FACE, factor))
              .getMessage());
    }
  }

  @Test
  void cropsCarryPixelsAlone() {
    byte[] jpeg = Encoded.withOrientation(
        Encoded.jpeg(PaintedFace.portrait(400, 400, 200, 180, 140), 0.9f), 1);
    AcceptedPhoto ada = PhotoReview.of(PhotoSet.of(List.of(Photo.of("ada.jpg", jpeg))))
        .accepted()
        .get(0);

    String file = new String(ada.crop(256).toPng(), StandardCharsets.ISO_8859_1);

    assertTrue(file.contains("IHDR") && file.contains("IDAT"));
    assertFalse(file.contains("Exif")
        || file.contains("eXIf")
        || file.contains("tEXt")
        || file.contains("iTXt"));
  }

  @Test
  void leaksNoNativeMemory() {
    PhotoSet set = PhotoSet.of(List.of(Photo.of("ada.png", GOOD), Photo.of("bea.png", GOOD)));
    PhotoReview.of(set);
    long before = Pointer.totalCount();

    PhotoReview.of(set);

    assertEquals(before, Pointer.totalCount());
  }

  @Test
  void aClosedDetectorThrows() {
    CascadeDetector detector = new CascadeDetector();
    detector.close();

    IllegalStateException refusal = assertThrows(
        IllegalStateException.class,
        () -> detector.detect(PaintedFace.image(100, 100, 50, 50, 30)));

    assertEquals("the face detector is closed; open it again", refusal.getMessage());
  }

  private static String codes(PhotoReview review, int photo) {
    return review.photos().get(photo).reasons().stream()
        .map(reason -> reason.code().id())
        .toList()
        .toString();
  }
}
