package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import dev.likeness.photos.likeness.RocCurve;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The embedder that the embedded model brings, on people whom it never saw, found by the built-in
 * detector.
 */
class PortraitEmbedderTest {
  private static final long FIRST = 9_300_000_000L;
  private static final int PEOPLE = 24;

  @Test
  void tellsAnyTwoPeopleApart() {
    List<float[]> selfies = new ArrayList<>();
    List<float[]> headshots = new ArrayList<>();
    try (FaceEmbedder embedder = TorchEmbedder.findIn(PortraitModel.files()).orElseThrow();
        FaceDetector detector = new CascadeDetector()) {
      for (long seed = FIRST; seed < FIRST + PEOPLE; seed++) {
        Random random = new Random(seed * 0x9E3779B97F4A7C15L);
        float[] selfie = vector(Shot.selfie(random), seed, detector, embedder);
        float[] headshot = vector(Shot.headshot(random), seed, detector, embedder);
        if (selfie != null && headshot != null) {
          selfies.add(selfie);
          headshots.add(headshot);
        }
      }
    }
    assertTrue(selfies.size() >= PEOPLE / 2, selfies.size() + " faces found");
    double auc = curve(selfies, headshots).auc();
    assertTrue(auc > 0.97, "AUC " + auc);
  }

  private static RocCurve curve(List<float[]> selfies, List<float[]> headshots) {
    List<Double> same = new ArrayList<>();
    List<Double> different = new ArrayList<>();
    for (int i = 0; i < selfies.size(); i++) {
      for (int j = 0; j < headshots.size(); j++) {
        (i == j ? same : different).add(FaceEmbedder.cosine(selfies.get(i), headshots.get(j)));
      }
    }
    return RocCurve.of(same, different);
  }

  private static float[] vector(
      Shot shot, long seed, FaceDetector detector, FaceEmbedder embedder) {
    RgbImage image = Renderer.render(Person.random(seed), shot, 256).image();
    List<Face> faces = detector.detect(image);
    return faces.isEmpty() ? null : embedder.embed(image, faces.get(0));
  }
}
