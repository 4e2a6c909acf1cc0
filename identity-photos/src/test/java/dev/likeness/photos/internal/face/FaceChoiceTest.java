package dev.likeness.photos.internal.face;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FaceChoiceTest {
  private static final Face SMALL_IN_THE_CENTRE = face(90, 90, 20, 20, 0.5);
  private static final Face WIDE_ASIDE = face(0, 0, 60, 30, 0.7);
  private static final Face LARGE_ASIDE = face(120, 120, 50, 50, 0.8);
  private static final Face SURE_AT_THE_EDGE = face(180, 0, 10, 10, 0.99);
  private static final List<Face> ALL =
      List.of(WIDE_ASIDE, SMALL_IN_THE_CENTRE, LARGE_ASIDE, SURE_AT_THE_EDGE);

  private static Face face(double x, double y, double width, double height, double score) {
    return new Face(
        new BoundingBox(x, y, width, height),
        score,
        HeadPose.FRONTAL,
        Optional.empty(),
        Optional.empty());
  }

  @Test
  void takesTheLargestBox() {
    assertEquals(Optional.of(LARGE_ASIDE), FaceChoice.LARGEST.of(ALL, 200, 200));
  }

  /** insightface's callers sort by area and take the last. */
  @Test
  void takesTheLastOfFacesOfEqualSize() {
    Face other = face(10, 10, 50, 50, 0.2);
    assertEquals(Optional.of(other), FaceChoice.LARGEST.of(List.of(LARGE_ASIDE, other), 200, 200));
  }

  @Test
  void takesTheFaceNearestToTheCentreOfThePhoto() {
    assertEquals(Optional.of(SMALL_IN_THE_CENTRE), FaceChoice.NEAREST_CENTRE.of(ALL, 200, 200));
    assertEquals(Optional.of(WIDE_ASIDE), FaceChoice.NEAREST_CENTRE.of(ALL, 60, 30));
  }

  @Test
  void takesTheFaceThatTheDetectorIsSurestOf() {
    assertEquals(Optional.of(SURE_AT_THE_EDGE), FaceChoice.SUREST.of(ALL, 200, 200));
  }

  @ParameterizedTest
  @EnumSource
  void takesNoneOfNone(FaceChoice choice) {
    assertEquals(Optional.empty(), choice.of(List.of(), 200, 200));
  }
}
