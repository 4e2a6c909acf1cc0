package dev.likeness.headshots.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.lora.training.ValidationOptions;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PaintedFace;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LikenessValidationTest {
  /** Knows an image by the brightness of its first pixel. */
  private static final FaceEmbedder BY_BRIGHTNESS = new FaceEmbedder() {
    @Override
    public float[] embed(RgbImage image, Face face) {
      double angle = image.at(0, 0, 0) / 255.0;
      return new float[] {(float) Math.cos(angle), (float) Math.sin(angle)};
    }

    @Override
    public String name() {
      return "brightness";
    }

    @Override
    public double samePersonThreshold() {
      return 0.5;
    }

    @Override
    public void close() {}
  };

  @Test
  void holdsOutOneOfFivePhotos() {
    assertEquals(List.of(), LikenessValidation.validationIndices(4));
    assertEquals(List.of(4), LikenessValidation.validationIndices(5));
    assertEquals(List.of(4, 9, 14, 19), LikenessValidation.validationIndices(20));
  }

  @Test
  void scoresImagesWithoutAFaceByZero() {
    RgbImage blank = blank();
    Face face = new Face(
        new BoundingBox(8, 8, 40, 40), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());
    List<AcceptedPhoto> held = IntStream.range(0, 2)
        .mapToObj(i -> AcceptedPhoto.of("photo", blank, face))
        .toList();
    ValidationOptions previews = new LikenessValidation(25, BY_BRIGHTNESS)
        .validationOptions(held, 2, new PersonRecord.SharedLight(""));
    assertEquals(25, previews.interval());
    assertEquals(2, previews.request().guidance().getAsDouble());
    assertTrue(
        previews.request().prompt().startsWith("studio portrait of %s, wearing "),
        previews.request().prompt());
    assertEquals(0, previews.scorer().score(List.of(blank, blank)));
  }

  /**
   * Of the held photos one lies at the angle 0, one at 1; the drawn faces at 0.2 and 0.6, which is
   * as 0.8 and 0.4 to the other.
   */
  @Test
  void scoresTheMeanCosineOfEachFaceToEachPhotoThatWasHeldOut() {
    Face face = new Face(
        new BoundingBox(8, 8, 40, 40), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());
    List<AcceptedPhoto> held = List.of(
        AcceptedPhoto.of("dark", withCorner(blank(), 0), face),
        AcceptedPhoto.of("bright", withCorner(blank(), 255), face));
    ValidationOptions.Scorer scorer = new LikenessValidation(25, BY_BRIGHTNESS)
        .validationOptions(held, 2, new PersonRecord.SharedLight(""))
        .scorer();
    RgbImage one = withCorner(PaintedFace.image(256, 256, 128, 115, 102), 51);
    RgbImage other = withCorner(PaintedFace.image(256, 256, 128, 115, 102), 153);
    double ofOne = (Math.cos(0.2) + Math.cos(0.8)) / 2;
    double ofOther = (Math.cos(0.6) + Math.cos(0.4)) / 2;
    assertEquals(ofOne, scorer.score(List.of(one)), 1e-6);
    assertEquals((ofOne + ofOther) / 2, scorer.score(List.of(one, other)), 1e-6);
    assertEquals(
        ofOne / 2,
        scorer.score(List.of(blank(), one)),
        1e-6,
        "an image without a face counts, by nothing");
  }

  private static RgbImage blank() {
    return RgbImage.of(64, 64, new byte[64 * 64 * 3]);
  }

  /** The image with another red in its first pixel. */
  private static RgbImage withCorner(RgbImage image, int red) {
    byte[] rgb = image.rgb();
    rgb[0] = (byte) red;
    return RgbImage.of(image.width(), image.height(), rgb);
  }
}
