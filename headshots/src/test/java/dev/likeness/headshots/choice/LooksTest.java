package dev.likeness.headshots.choice;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Box;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.Pose;
import dev.likeness.photos.likeness.Likeness;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LooksTest {
  private static final Picture BLANK = Picture.of(64, 64, new byte[64 * 64 * 3]);
  private static final FaceDetector ANYWHERE = new FaceDetector() {
    @Override
    public List<Face> detect(Picture picture) {
      return List.of(new Face(new Box(16, 16, 32, 32), 1, Pose.FRONTAL, Optional.empty(), Optional.empty()));
    }

    @Override
    public String name() {
      return "anywhere";
    }

    @Override
    public void close() { }
  };

  private static Optional<Likeness> eye(double cosine, FaceDetector detector) {
    float[] seen = {(float) cosine, (float) Math.sqrt(1 - cosine * cosine)};
    return Optional.of(Likeness.of(List.of(new float[] {1, 0}), detector, new FaceEmbedder() {
      @Override
      public float[] embed(Picture picture, Face face) {
        return seen;
      }

      @Override
      public float[] embedRaw(Picture picture, Face face) {
        return seen;
      }

      @Override
      public String name() {
        return "fixed";
      }

      @Override
      public double sameAbove() {
        return 0.5;
      }

      @Override
      public void close() { }
    }));
  }

  @Test
  void looksAgainWhereTheCascadesFindTheFace() {
    try (Looks looks = Looks.of(eye(0.8, ANYWHERE), eye(0.6, ANYWHERE), ANYWHERE)) {
      List<Double> seen = looks.at(BLANK);
      assertEquals(0.6, seen.get(0), 1e-6, "what held it");
      assertEquals(List.of(Double.NaN, Double.NaN), seen.subList(1, 3), "both once more: the cascades find nobody in a blank picture");
    }
  }

  @Test
  void looksOnceWhereTheCascadesHaveFoundTheFaceOrNobodyJudges() {
    try (CascadeDetector cascades = new CascadeDetector(); Looks once = Looks.of(eye(0.8, ANYWHERE), eye(0.6, ANYWHERE), cascades);
        Looks none = Looks.of(Optional.empty(), Optional.empty(), ANYWHERE)) {
      assertEquals(1, once.at(BLANK).size());
      assertEquals(List.of(), none.at(BLANK));
    }
  }
}
