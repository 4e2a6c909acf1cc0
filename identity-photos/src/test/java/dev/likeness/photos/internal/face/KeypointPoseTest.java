package dev.likeness.photos.internal.face;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeypointPoseTest {
  private static final double DISTANCE = 0.14;

  private static Face.Landmarks of(KeypointPose pose) {
    return pose.keypoints(1000, 1000, DISTANCE);
  }

  @Test
  void hasElevenPosesWithNames() {
    List<String> names = new ArrayList<>();
    for (KeypointPose pose : KeypointPose.values()) {
      names.add(pose.title());
      assertEquals(pose, KeypointPose.parse(pose.title()));
    }
    assertEquals(
        List.of(
            "front",
            "left",
            "right",
            "slightly-left",
            "slightly-right",
            "up",
            "down",
            "up-left",
            "up-right",
            "tilted-left",
            "tilted-right"),
        names);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Front", "sideways", "left ", "a\nb", "slightly_left"})
  void refusesOtherNamesAndListsAll(String name) {
    String quoted = Quoted.of(name);
    assertEquals(
        "unknown head pose " + quoted + ", expected one of front, left, right, slightly-left,"
            + " slightly-right, up, down, up-left, up-right, tilted-left, tilted-right",
        assertThrows(InvalidInputException.class, () -> KeypointPose.parse(name))
            .getMessage());
  }

  @Test
  void looksIntoTheCameraInFront() {
    Face.Landmarks face = of(KeypointPose.FRONT);
    assertEquals(140, face.leftEye().distance(face.rightEye()), 1e-9);
    assertEquals(500, face.nose().x(), 1e-9);
    assertEquals(face.leftEye().y(), face.rightEye().y(), 1e-9);
    assertEquals(500, face.leftMouth().midpoint(face.rightMouth()).x(), 1e-9);
    // The middle of the head, 30 mm below the eyes, is at 42 % of the height.
    assertEquals(420 - 30 * 140 / 63.0, face.leftEye().y(), 1e-9);
    assertTrue(face.nose().y() < face.leftMouth().y());
  }

  /** Where the nose is between the eyes, -1 at the left one and 1 at the right one. */
  private static double aside(Face.Landmarks face) {
    Point middle = face.leftEye().midpoint(face.rightEye());
    return 2 * (face.nose().x() - middle.x()) / face.leftEye().distance(face.rightEye());
  }

  /** How far the nose is from the eyes to the mouth, 0 to 1. */
  private static double down(Face.Landmarks face) {
    double eyes = face.leftEye().midpoint(face.rightEye()).y();
    double mouth = face.leftMouth().midpoint(face.rightMouth()).y();
    return (face.nose().y() - eyes) / (mouth - eyes);
  }

  @Test
  void turnsTheNoseToTheSideThatThePoseNames() {
    assertTrue(aside(of(KeypointPose.LEFT)) < aside(of(KeypointPose.SLIGHTLY_LEFT)));
    assertTrue(aside(of(KeypointPose.SLIGHTLY_LEFT)) < -0.2);
    assertEquals(-aside(of(KeypointPose.LEFT)), aside(of(KeypointPose.RIGHT)), 1e-9);
    assertEquals(
        -aside(of(KeypointPose.SLIGHTLY_LEFT)), aside(of(KeypointPose.SLIGHTLY_RIGHT)), 1e-9);
    assertTrue(down(of(KeypointPose.UP)) < down(of(KeypointPose.FRONT)) - 0.1);
    assertTrue(down(of(KeypointPose.DOWN)) > down(of(KeypointPose.FRONT)) + 0.1);
    assertTrue(aside(of(KeypointPose.UP_LEFT)) < -0.2);
    assertTrue(aside(of(KeypointPose.UP_RIGHT)) > 0.2);
    assertTrue(down(of(KeypointPose.UP_LEFT)) < down(of(KeypointPose.FRONT)));
    // Tilted to a side: the eye of that side is lower.
    Face.Landmarks left = of(KeypointPose.TILTED_LEFT);
    assertTrue(left.leftEye().y() > left.rightEye().y() + 10);
    Face.Landmarks right = of(KeypointPose.TILTED_RIGHT);
    assertTrue(right.rightEye().y() > right.leftEye().y() + 10);
  }

  @ParameterizedTest
  @EnumSource
  void keepsKeypointsInPortraitsOfAnyShape(KeypointPose pose) {
    for (int[] size : new int[][] {{1024, 1024}, {832, 1216}, {1216, 832}, {512, 768}, {64, 64}}) {
      for (Point p : pose.keypoints(size[0], size[1], DISTANCE).points()) {
        assertTrue(p.x() > 0 && p.y() > 0 && p.x() < size[0] && p.y() < size[1], pose + " " + p);
      }
    }
  }

  @Test
  void takesKeypointsOfAPhotoForAnotherSize() {
    Face.Landmarks face = of(KeypointPose.SLIGHTLY_LEFT);
    Face.Landmarks small = KeypointPose.asInPhoto(face, 1000, 1000, 500, 500);
    assertEquals(face.nose().x() / 2, small.nose().x(), 1e-9);
    // A square photo in a tall image: bars above and below.
    Face.Landmarks tall = KeypointPose.asInPhoto(face, 1000, 1000, 500, 900);
    assertEquals(face.nose().x() / 2, tall.nose().x(), 1e-9);
    assertEquals(face.nose().y() / 2 + 200, tall.nose().y(), 1e-9);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.1, 1.01, Double.NaN, Double.POSITIVE_INFINITY})
  void refusesAnEyeDistanceOutOfRange(double distance) {
    assertEquals(
        "keypoints need an image of at least 1x1 and an eye distance above 0 and at most 1, got 10x10 and "
            + distance,
        assertThrows(
                IllegalArgumentException.class,
                () -> KeypointPose.FRONT.keypoints(10, 10, distance))
            .getMessage());
  }
}
