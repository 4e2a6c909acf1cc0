package dev.likeness.photos.internal.face;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.Material;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.face.YuNetDetector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * How far the detectors of this library differ from RetinaFace, whose family PuLID's authors use,
 * on photos: {@code tools/goldens/face_detectors.py}. The numbers are those of
 * {@code docs/reference/adapters.md}.
 */
class DetectorDifferenceTest {
  private static Map<?, ?> golden;
  private static FaceEmbedder embedder;

  /**
   * A photo's differences.
   *
   * @param eyes mean distance of the eyes, as a share of the distance between them
   * @param likeness cosine of the embeddings of the two aligned faces
   */
  private record Difference(double eyes, double points, double likeness) {}

  @BeforeAll
  static void opens() throws IOException {
    Material.at("photos");
    golden = (Map<?, ?>) JSON.std
        .mapFrom(Files.readAllBytes(GoldenResource.file("/golden/face-detectors.json")))
        .get("photos");
    embedder = OnnxEmbedder.open(
        Material.at("faces/mobileface_v2_112.onnx"), EmbedderSpec.MOBILEFACE, UsePolicy.COMMERCIAL);
  }

  @AfterAll
  static void closes() {
    if (embedder != null) {
      embedder.close();
    }
  }

  private static Face.Landmarks landmarks(Object given) {
    List<Point> points = ((List<?>) given)
        .stream()
            .map(point -> (List<?>) point)
            .map(point -> new Point(
                ((Number) point.get(0)).doubleValue(), ((Number) point.get(1)).doubleValue()))
            .toList();
    return new Face.Landmarks(
        points.get(0), points.get(1), points.get(2), points.get(3), points.get(4));
  }

  private static List<Difference> differences(FaceDetector detector) {
    List<Difference> all = new ArrayList<>();
    golden.forEach((name, given) -> {
      RgbImage photo = RgbImage.read(Material.at("photos/" + name));
      Face.Landmarks theirs = landmarks(given);
      Point centre = theirs.leftEye().midpoint(theirs.rightEye());
      Optional<Face> found = detector.detect(photo).stream()
          .filter(face -> face.eyes().isPresent() || face.landmarks().isPresent())
          .min(Comparator.comparingDouble(face -> middle(face).distance(centre)))
          .filter(
              face -> middle(face).distance(centre) < theirs.leftEye().distance(theirs.rightEye()));
      found.ifPresent(face -> all.add(difference(photo, face, theirs)));
    });
    return all;
  }

  private static Point middle(Face face) {
    return face.landmarks()
        .map(points -> points.leftEye().midpoint(points.rightEye()))
        .orElseGet(() -> face.eyes().get().left().midpoint(face.eyes().get().right()));
  }

  private static Difference difference(RgbImage photo, Face face, Face.Landmarks theirs) {
    double unit = theirs.leftEye().distance(theirs.rightEye());
    Point left = face.landmarks()
        .map(Face.Landmarks::leftEye)
        .orElseGet(() -> face.eyes().get().left());
    Point right = face.landmarks()
        .map(Face.Landmarks::rightEye)
        .orElseGet(() -> face.eyes().get().right());
    double eyes =
        (left.distance(theirs.leftEye()) + right.distance(theirs.rightEye())) / (2 * unit);
    double points = face.landmarks()
        .map(own -> {
          double sum = 0;
          for (int i = 0; i < own.points().size(); i++) {
            sum += own.points().get(i).distance(theirs.points().get(i));
          }
          return sum / (own.points().size() * unit);
        })
        .orElse(Double.NaN);
    Face same = new Face(face.box(), face.score(), face.pose(), face.eyes(), Optional.of(theirs));
    float[] one = embedder.embed(photo, face);
    float[] other = embedder.embed(photo, same);
    double cosine = 0;
    for (int i = 0; i < one.length; i++) {
      cosine += one[i] * other[i];
    }
    return new Difference(eyes, points, cosine);
  }

  private static double mean(List<Difference> all, ToDoubleFunction<Difference> of) {
    return all.stream().mapToDouble(of).average().orElseThrow();
  }

  private static String row(String detector, List<Difference> all) {
    boolean hasPoints = !Double.isNaN(all.get(0).points());
    return String.format(
        Locale.ROOT,
        "| %s | %d of %d | %.1f %% | %s | %.2f | %.2f |",
        detector,
        all.size(),
        golden.size(),
        100 * mean(all, Difference::eyes),
        hasPoints
            ? String.format(Locale.ROOT, "%.1f %%", 100 * mean(all, Difference::points))
            : "finds no mouth",
        mean(all, Difference::likeness),
        all.stream().mapToDouble(Difference::likeness).min().orElseThrow());
  }

  @Test
  void differsFromRetinaFaceAsTheDocumentationSays() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "reference", "adapters.md"));
    try (FaceDetector yunet = YuNetDetector.open(Material.at("faces/yunet_n_640_640.onnx"))) {
      List<Difference> close = differences(yunet);
      assertEquals(golden.size(), close.size(), "photos in which YuNet finds the face");
      String row = row("YuNet", close);
      assertTrue(page.contains(row), "docs/reference/adapters.md lacks: " + row);
    }
    // Cascades find no mouth, so that only the eyes can be compared.
    try (FaceDetector cascades = new CascadeDetector()) {
      List<Difference> eyes = differences(cascades);
      assertTrue(!eyes.isEmpty(), "cascades find no face");
      String row = row("cascades, built in", eyes);
      assertTrue(page.contains(row), "docs/reference/adapters.md lacks: " + row);
    }
  }
}
