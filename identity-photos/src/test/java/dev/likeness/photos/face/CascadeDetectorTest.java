package dev.likeness.photos.face;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.Degraded;
import dev.likeness.photos.PaintedFace;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CascadeDetectorTest {
  @ParameterizedTest
  @ValueSource(ints = {96, 256, 900})
  void findsTheSameFaceInSmallAndLargeImages(int size) {
    try (CascadeDetector detector = new CascadeDetector()) {
      BoundingBox box = detector
          .detect(PaintedFace.image(size, size, size * 0.5, size * 0.45, size * 0.4))
          .get(0)
          .box();

      assertTrue(
          box.iou(new BoundingBox(0.28 * size, 0.22 * size, 0.45 * size, 0.45 * size)) > 0.7,
          box.toString());
    }
  }

  @Test
  void detectLargeFindsLargeFacesOnly() {
    try (CascadeDetector detector = new CascadeDetector()) {
      RgbImage large = PaintedFace.image(300, 300, 150, 140, 120);
      RgbImage small = PaintedFace.image(300, 300, 150, 140, 36);
      BoundingBox box = detector.detectLarge(large).get(0).box();

      assertTrue(box.iou(detector.detectFrontal(large).get(0).box()) > 0.7, box.toString());
      assertEquals(1, detector.detectFrontal(small).size());
      assertEquals(List.of(), detector.detectLarge(small));
    }
  }

  @Test
  void findsAFaceThatTheFrameCutsOff() {
    try (CascadeDetector detector = new CascadeDetector()) {
      List<Face> faces = detector.detect(PaintedFace.image(300, 300, 32, 140, 110));

      assertEquals(1, faces.size());
      assertTrue(faces.get(0).box().x() < 0, faces.toString());
    }
  }

  @Test
  void doesNotFindTheEyesBehindDarkGlasses() {
    RgbImage portrait = PaintedFace.image(300, 300, 150, 140, 120);
    try (CascadeDetector detector = new CascadeDetector()) {
      Face open = detector.detect(portrait).get(0);
      List<Face> hidden = detector.detect(Degraded.behindSunglasses(portrait, open.box()));

      assertTrue(open.eyes().isPresent());
      assertTrue(hidden.stream().allMatch(face -> face.eyes().isEmpty()), hidden.toString());
    }
  }

  @Test
  void severalThreadsFindTheSameFacesAsOne() {
    List<RgbImage> images = IntStream.range(0, 8)
        .mapToObj(i -> PaintedFace.image(200, 200, 90 + 3 * i, 90, 80))
        .toList();
    // A detector remembers the faces of an image.
    try (CascadeDetector one = new CascadeDetector();
        CascadeDetector shared = new CascadeDetector()) {
      List<List<Face>> alone = images.stream().map(one::detect).toList();
      List<List<Face>> together = images.parallelStream().map(shared::detect).toList();

      assertEquals(alone, together);
    }
  }

  @Test
  void remembersTheFacesOfAnImageUntilItIsClosed() {
    RgbImage portrait = PaintedFace.image(200, 200, 100, 90, 80);
    try (CascadeDetector detector = new CascadeDetector()) {
      List<Face> faces = detector.detect(portrait);
      assertEquals(1, faces.size());
      assertSame(faces, detector.detect(portrait));
      assertNotEquals(faces, detector.detect(PaintedFace.image(200, 200, 90, 90, 80)));
      detector.close();
      assertThrows(IllegalStateException.class, () -> detector.detect(portrait));
    }
  }

  @Test
  @SuppressWarnings("try")
  void outlivesAScopeThatWasOpenAroundIt() {
    RgbImage portrait = PaintedFace.image(200, 200, 100, 90, 80);
    CascadeDetector detector;
    try (PointerScope scope = new PointerScope()) {
      detector = new CascadeDetector();
    }
    try (detector) {
      assertEquals(1, detector.detect(portrait).size());
    }
  }
}
