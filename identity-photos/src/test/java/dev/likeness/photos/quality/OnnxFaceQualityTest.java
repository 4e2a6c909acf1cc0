package dev.likeness.photos.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.photos.Degraded;
import dev.likeness.photos.Material;
import dev.likeness.photos.Shot;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.YuNetDetector;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class OnnxFaceQualityTest {
  @Test
  void scoresABlurredFaceLower() {
    Shot shot = Shot.in("photos/objects", 512).stream()
        .filter(s -> s.name().equals("astronaut.png"))
        .findFirst()
        .orElseThrow();
    try (YuNetDetector detector = YuNetDetector.open(Material.at("faces/yunet_n_320_320.onnx"));
        FaceQuality quality = FaceQuality.OnnxFaceQuality.open(
            Material.at("faces/quality_v2_bgr_10_out_tiny_112_45_128.onnx"))) {
      Face face = detector.detect(shot.image()).get(0);
      double crisp = quality.score(shot.image(), face);
      double soft = quality.score(Degraded.blurred(shot.image(), 4), face);

      assertTrue(crisp > 0.8 && soft < 0.3, crisp + ", " + soft);
    }
  }

  @Test
  void refusesAnotherNetwork() {
    Path file = Material.at("faces/yunet_n_320_320.onnx");

    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> FaceQuality.OnnxFaceQuality.open(file));

    assertEquals(
        "the face-quality network " + file
            + " has the input shape [1, 3, 320, 320], expected [1, 3, 112, 112]; give the file"
            + " quality_v2_bgr_10_out",
        refusal.getMessage());
  }
}
