package dev.likeness.headshots.choice;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
  private static final FaceDetector LEFT = detector("left", 0, () -> { });

  private static FaceDetector detector(String name, int x, Runnable closed) {
    return new FaceDetector() {
      @Override
      public List<Face> detect(Picture picture) {
        return List.of(new Face(new Box(x, 16, 16, 16), 1, Pose.FRONTAL, Optional.empty(), Optional.empty()));
      }

      @Override
      public String name() {
        return name;
      }

      @Override
      public void close() {
        closed.run();
      }
    };
  }

  /** Sees so much of the person in a face on the left, and on the right. */
  private static Optional<Likeness> eye(double left, double right) {
    return Optional.of(Likeness.of(List.of(new float[] {1, 0}), LEFT, new FaceEmbedder() {
      @Override
      public float[] embed(Picture picture, Face face) {
        double cosine = face.box().x() == 0 ? left : right;
        return new float[] {(float) cosine, (float) Math.sqrt(1 - cosine * cosine)};
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
  void looksAgainWhereAnotherDetectorFindsTheFace() {
    boolean[] closed = new boolean[1];
    FaceDetector second = detector("elsewhere", 48, () -> closed[0] = true);
    // The judge sees 0.8 of a face on the left and 0.7 of one on the right.
    try (Looks looks = Looks.of(eye(0.8, 0.7), eye(0.6, 0.5), Optional.of(second))) {
      assertArrayEquals(new double[] {0.6, 0.7, 0.5}, seen(looks), 1e-6);
    }
    assertTrue(closed[0]);
    try (Looks looks = Looks.of(eye(0.8, 0.7), Optional.empty(), Optional.of(second))) {
      assertArrayEquals(new double[] {0.7}, seen(looks), 1e-6);
    }
    try (Looks looks = Looks.of(Optional.empty(), eye(0.6, 0.5), Optional.of(second))) {
      assertArrayEquals(new double[] {0.6, 0.5}, seen(looks), 1e-6);
    }
  }

  @Test
  void looksAgainByTheCascadesButWhereTheyFoundTheFace() {
    try (CascadeDetector cascades = new CascadeDetector(); Looks once = Looks.of(eye(0.8, 0.7), eye(0.6, 0.5), cascades);
        Looks again = Looks.of(eye(0.8, 0.7), eye(0.6, 0.5), LEFT); Looks none = Looks.of(Optional.empty(), Optional.empty(), LEFT)) {
      assertArrayEquals(new double[] {0.6}, seen(once), 1e-6);
      assertArrayEquals(new double[] {0.6, Double.NaN, Double.NaN}, seen(again), 1e-6, "they find nobody in a blank picture");
      assertEquals(0, seen(none).length);
    }
  }

  private static double[] seen(Looks looks) {
    return looks.at(BLANK).stream().mapToDouble(Double::doubleValue).toArray();
  }
}
