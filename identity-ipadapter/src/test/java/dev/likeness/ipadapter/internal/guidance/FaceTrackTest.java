package dev.likeness.ipadapter.internal.guidance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FaceTrackTest {
  private static final BoundingBox BOX = new BoundingBox(60, 60, 90, 90);

  private static Face face(double left, double right) {
    return new Face(
        BOX,
        1,
        HeadPose.FRONTAL,
        Optional.of(new Face.Eyes(new Point(left, 100), new Point(right, 100))),
        Optional.empty());
  }

  private static final Face NO_EYES =
      new Face(BOX, 0.5, HeadPose.FRONTAL, Optional.empty(), Optional.empty());

  private static double left(Face face) {
    return face.eyes().orElseThrow().left().x();
  }

  @Test
  void eyesAreTheMedianOfTheLastDetections() {
    FaceGradientGuidance.FaceTrack track = new FaceGradientGuidance.FaceTrack();
    assertEquals(Optional.empty(), track.update(NO_EYES).eyes());
    assertEquals(100, left(track.update(face(100, 150))));
    assertEquals(101, left(track.update(face(102, 150))));
    assertEquals(
        102, left(track.update(face(120, 150))), "one that is far off counts no more than another");
    assertEquals(102, left(track.update(face(101, 150))), "of the last three");
    assertEquals(102, left(track.update(NO_EYES)), "a look that finds none changes nothing");
    assertEquals(103, left(track.update(face(103, 150))));
  }
}
