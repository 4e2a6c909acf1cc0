package dev.likeness.photos.face;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.image.RgbImage;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SimilarityTransformTest {
  // Landmarks of nobody: the template turned by 20 degrees, tripled, shifted, one point moved.
  private static final Face.Landmarks FACE = new Face.Landmarks(
      new Point(210.4, 180.2),
      new Point(309.8, 216.1),
      new Point(239.2, 254.3),
      new Point(177.9, 297.7),
      new Point(260.6, 327.9));

  @Test
  void recoversAKnownTransformation() {
    SimilarityTransform known = new SimilarityTransform(0.8, -0.3, 12, -7);
    List<Point> from = AlignmentTemplate.ARCFACE.landmarks().points();
    List<Point> to = from.stream().map(known::apply).toList();

    SimilarityTransform fitted = SimilarityTransform.fit(from, to);

    assertEquals(0.8, fitted.a(), 1e-9);
    assertEquals(-0.3, fitted.b(), 1e-9);
    assertEquals(12, fitted.tx(), 1e-9);
    assertEquals(-7, fitted.ty(), 1e-9);
  }

  @Test
  void applyInverseUndoesApply() {
    SimilarityTransform similarity = new SimilarityTransform(0.4, 0.9, 3, 5);
    Point back = similarity.applyInverse(similarity.apply(new Point(17, 31)));

    assertTrue(back.distance(new Point(17, 31)) < 1e-9, back.toString());
  }

  /**
   * Umeyama's solution, which scikit-image estimates too, is the unique minimum of the squared
   * error.
   */
  @Test
  void agreesWithTheLeastSquaresOptimum() {
    List<Point> to = AlignmentTemplate.ARCFACE.landmarks().points();
    SimilarityTransform best = SimilarityTransform.fit(FACE.points(), to);
    double least = error(best, to);
    for (double step : new double[] {-1e-3, 1e-3}) {
      assertTrue(least
          < error(new SimilarityTransform(best.a() + step, best.b(), best.tx(), best.ty()), to));
      assertTrue(least
          < error(new SimilarityTransform(best.a(), best.b() + step, best.tx(), best.ty()), to));
      assertTrue(least
          < error(new SimilarityTransform(best.a(), best.b(), best.tx() + step, best.ty()), to));
      assertTrue(least
          < error(new SimilarityTransform(best.a(), best.b(), best.tx(), best.ty() + step), to));
    }
  }

  /**
   * The golden's image is a ramp of two levels a pixel, so a warped value says which place it came
   * from.
   */
  @Test
  void agreesWithScikitImageToHalfAPixel() throws IOException {
    Map<String, Object> golden =
        JSON.std.mapFrom(SimilarityTransformTest.class.getResource("/golden/alignment.json"));
    RgbImage ramp = ramp((Integer) golden.get("side"), (Integer) golden.get("first"));
    for (Object each : (List<?>) golden.get("cases")) {
      Map<?, ?> expected = (Map<?, ?>) each;
      List<Point> from = rows(expected.get("landmarks")).stream()
          .map(p -> new Point(p[0], p[1]))
          .toList();
      SimilarityTransform fitted =
          SimilarityTransform.fit(from, AlignmentTemplate.ARCFACE.landmarks().points());
      double[] matrix = rows(expected.get("matrix")).get(0);
      assertArrayEquals(matrix, new double[] {fitted.a(), -fitted.b(), fitted.tx()}, 1e-3);
      RgbImage aligned = fitted.warp(ramp, 112);
      for (double[] seen : rows(expected.get("seen"))) {
        assertSamePlace(seen[2], aligned.at((int) seen[0], (int) seen[1], 0), seen[4] > 254);
        assertSamePlace(seen[3], aligned.at((int) seen[0], (int) seen[1], 1), seen[4] > 254);
      }
    }
  }

  // Where the ramp is clipped, or the image ends, a value says nothing of the place.
  private static void assertSamePlace(double expected, int actual, boolean inside) {
    if (inside && expected > 4 && expected < 251) {
      assertEquals(expected, actual, 2 * 0.5);
    }
  }

  private static RgbImage ramp(int side, int first) {
    byte[] rgb = new byte[side * side * 3];
    for (int i = 0; i < side * side; i++) {
      rgb[3 * i] = (byte) Math.max(0, Math.min(255, 2 * (i % side - first)));
      rgb[3 * i + 1] = (byte) Math.max(0, Math.min(255, 2 * (i / side - first)));
    }
    return RgbImage.of(side, side, rgb);
  }

  private static List<double[]> rows(Object table) {
    return ((List<?>) table)
        .stream()
            .map(row -> ((List<?>) row)
                .stream().mapToDouble(value -> ((Number) value).doubleValue()).toArray())
            .toList();
  }

  @Test
  void warpsLandmarksOntoTheTemplate() {
    byte[] rgb = new byte[400 * 400 * 3];
    Point eye = FACE.leftEye();
    for (int y = -3; y <= 3; y++) {
      for (int x = -3; x <= 3; x++) {
        rgb[(((int) Math.round(eye.y()) + y) * 400 + (int) Math.round(eye.x()) + x) * 3] =
            (byte) 255;
      }
    }
    RgbImage dot = RgbImage.of(400, 400, rgb);
    Face face = new Face(
        new BoundingBox(150, 150, 200, 200),
        1,
        HeadPose.FRONTAL,
        Optional.empty(),
        Optional.of(FACE));

    RgbImage aligned = AlignmentTemplate.ARCFACE.align(dot, face);

    Point seen = centroid(aligned);
    assertTrue(
        seen.distance(AlignmentTemplate.ARCFACE.estimateTransform(face).apply(eye)) < 0.5,
        seen.toString());
    assertEquals("112x112 image", aligned.toString());
  }

  @Test
  void refusesPointsOnTopOfEachOther() {
    List<Point> same = List.of(new Point(4, 4), new Point(4, 4));

    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> SimilarityTransform.fit(same, same));

    assertEquals(
        "the points to align are all at Point[x=4.0, y=4.0]; give different points",
        refusal.getMessage());
  }

  private static double error(SimilarityTransform similarity, List<Point> to) {
    double sum = 0;
    for (int i = 0; i < to.size(); i++) {
      double d = similarity.apply(FACE.points().get(i)).distance(to.get(i));
      sum += d * d;
    }
    return sum;
  }

  private static Point centroid(RgbImage image) {
    double x = 0;
    double y = 0;
    double sum = 0;
    for (int row = 0; row < image.height(); row++) {
      for (int column = 0; column < image.width(); column++) {
        double value = image.at(column, row, 0);
        x += column * value;
        y += row * value;
        sum += value;
      }
    }
    return new Point(x / sum, y / sum);
  }
}
