package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.lora.TrainingPreviews;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Box;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Pose;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LikenessWatchTest {
  /** Knows a picture by the brightness of its first pixel. */
  private static final FaceEmbedder BY_BRIGHTNESS = new FaceEmbedder() {
    @Override
    public float[] embed(Picture picture, Face face) {
      double angle = (picture.rgb()[0] & 0xff) / 255.0;
      return new float[] {(float) Math.cos(angle), (float) Math.sin(angle)};
    }

    @Override
    public String name() {
      return "brightness";
    }

    @Override
    public double sameAbove() {
      return 0.5;
    }

    @Override
    public void close() {}
  };

  @Test
  void holdsOutOneOfFivePhotos() {
    assertEquals(List.of(), LikenessWatch.heldOut(4));
    assertEquals(List.of(4), LikenessWatch.heldOut(5));
    assertEquals(List.of(4, 9, 14, 19), LikenessWatch.heldOut(20));
  }

  @Test
  void scoresPicturesWithoutAFaceByNothing() {
    Picture blank = Picture.of(64, 64, new byte[64 * 64 * 3]);
    Face face = new Face(new Box(8, 8, 40, 40), 1, Pose.FRONTAL, Optional.empty(), Optional.empty());
    List<AcceptedPhoto> held = IntStream.range(0, 2).mapToObj(i -> AcceptedPhoto.of("photo", blank, face)).toList();
    TrainingPreviews previews = new LikenessWatch(25, BY_BRIGHTNESS).previews(held, 2, new SharedLight(""));
    assertEquals(25, previews.every());
    assertEquals(2, previews.request().guidance());
    assertTrue(previews.request().prompt().startsWith("studio portrait of %s, wearing "), previews.request().prompt());
    assertEquals(0, previews.scorer().score(List.of(blank, blank)));
  }
}
