package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FaceKeypointsTest {
  @Test
  void drawsTheKeypointsOfAPhotoAndOfNamedPoses() {
    RgbImage photo = RgbImage.of(64, 32, new byte[3 * 64 * 32]);
    Face.Landmarks at = new Face.Landmarks(
        new Point(20, 12),
        new Point(44, 12),
        new Point(32, 18),
        new Point(24, 24),
        new Point(40, 24));
    Face face = new Face(
        new BoundingBox(16, 4, 32, 26),
        1,
        new HeadPose(0, 0, 0),
        Optional.empty(),
        Optional.of(at));
    RgbImage drawn = FaceKeypoints.asInPhoto(face, photo, 128, 128);
    // The photo is twice as large, in the middle; the left eye is red.
    assertEquals(
        List.of(255, 0, 0), List.of(drawn.at(40, 56, 0), drawn.at(40, 56, 1), drawn.at(40, 56, 2)));
    Face bare = new Face(
        new BoundingBox(16, 4, 32, 26),
        1,
        new HeadPose(0, 0, 0),
        Optional.empty(),
        Optional.empty());
    assertEquals(
        "the face has no landmarks, which its image of keypoints needs; find the face with a"
            + " detector that finds landmarks, such as YuNetDetector",
        refusal(() -> FaceKeypoints.asInPhoto(bare, photo, 128, 128)));
    assertEquals(11, FaceKeypoints.poses().size());
    assertEquals(
        11,
        FaceKeypoints.poses().stream()
            .map(pose -> FaceKeypoints.ofPose(pose, 0.3, 128, 128))
            .distinct()
            .count());
    assertTrue(refusal(() -> FaceKeypoints.ofPose("sideways", 0.3, 128, 128))
        .startsWith("unknown head pose \"sideways\", expected one of front, left,"));
  }

  private static String refusal(Runnable call) {
    return assertThrows(InvalidInputException.class, call::run).getMessage();
  }
}
