package dev.likeness.photos.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.Degraded;
import dev.likeness.photos.Material;
import dev.likeness.photos.Shot;
import dev.likeness.photos.decode.DecodedPhoto;
import dev.likeness.photos.decode.PhotoFormat;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.photos.internal.quality.QualityChecks;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What lies on a real face is called by its name; skipped where there is no material. */
class CoversTest {
  private static final Set<ReasonCode> COVERS = Set.of(
      ReasonCode.SUNGLASSES,
      ReasonCode.MASK,
      ReasonCode.HAT,
      ReasonCode.FACE_COVERED,
      ReasonCode.EYES_NOT_VISIBLE);
  private static final Set<String> PLAIN =
      Set.of("ai_face.png", "ai_face2.png", "girl.png", "woman.png");
  private static final Map<String, BoundingBox> BOXES = new HashMap<>();

  @Test
  void uncoveredFacesAreNotSuspected() {
    assertEquals(List.of("[]", "[]", "[]", "[]"), findings((image, box) -> image));
  }

  @Test
  void blackGlassesAreSunglasses() {
    assertFound("sunglasses", findings(Degraded::behindSunglasses));
  }

  @Test
  void aClothOverNoseAndMouthIsAMask() {
    assertFound("mask", findings((image, box) -> Degraded.covered(image, box, 0.5)));
  }

  @Test
  void aBlueCapIsAHat() {
    assertFound("hat", findings((image, box) -> Degraded.capped(image, box, 40, 60, 150)));
  }

  @Test
  void aCapInAColourOfHairIsMostlyAHatBecauseItIsEven() {
    List<String> found = new ArrayList<>();
    for (int grey : new int[] {25, 110, 170, 225}) {
      found.addAll(findings(
          (image, box) -> Degraded.noisy(Degraded.capped(image, box, grey, grey, grey + 2), 2)));
    }
    assertTrue(
        found.stream().filter(codes -> codes.contains("hat")).count() >= 11, found.toString());
  }

  @Test
  void hairIsNoHat() {
    QualityChecks judge =
        new QualityChecks(QualityLimits.DEFAULT, Optional.empty(), Optional.empty());
    try (FaceDetector detector = YuNetDetector.open(Material.at("faces/yunet_n_640_640.onnx"))) {
      for (Shot shot : Shot.in("photos/people", 640)) {
        DecodedPhoto decoded = new DecodedPhoto(
            shot.image(),
            PhotoFormat.PNG,
            shot.image().width(),
            shot.image().height(),
            false,
            OptionalInt.empty());
        assertTrue(
            judge.check(decoded, detector.detect(shot.image())).stream()
                .noneMatch(reason -> reason.code() == ReasonCode.HAT),
            shot.name());
      }
    }
  }

  private static void assertFound(String word, List<String> findings) {
    assertTrue(findings.stream().allMatch(codes -> codes.contains(word)), word + ": " + findings);
  }

  private static List<String> findings(BiFunction<RgbImage, BoundingBox, RgbImage> damage) {
    QualityChecks judge =
        new QualityChecks(QualityLimits.DEFAULT, Optional.empty(), Optional.empty());
    try (FaceDetector detector = YuNetDetector.open(Material.at("faces/yunet_n_640_640.onnx"))) {
      return Shot.in("photos/generated", 640).stream()
          .filter(shot -> PLAIN.contains(shot.name()))
          .map(shot -> {
            BoundingBox box = BOXES.computeIfAbsent(
                shot.name(), name -> detector.detect(shot.image()).get(0).box());
            RgbImage image = damage.apply(shot.image(), box);
            List<Face> faces = detector.detect(image);
            DecodedPhoto decoded = new DecodedPhoto(
                image, PhotoFormat.PNG, image.width(), image.height(), false, OptionalInt.empty());
            return judge.check(decoded, faces).stream()
                .map(Reason::code)
                .filter(COVERS::contains)
                .map(ReasonCode::id)
                .collect(Collectors.toCollection(TreeSet::new))
                .toString();
          })
          .toList();
    }
  }
}
