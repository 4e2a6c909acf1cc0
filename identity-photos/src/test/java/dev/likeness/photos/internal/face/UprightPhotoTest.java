package dev.likeness.photos.internal.face;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.ExifOrientation;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which way up a photo is, by a detector that finds faces in every position, as networks do. */
class UprightPhotoTest {
  private static final RgbImage UPRIGHT = marked();

  @ParameterizedTest
  @EnumSource(names = {"TURNED_RIGHT", "TURNED_LEFT", "UPSIDE_DOWN"})
  void aFaceWithEyesThatIsNotUprightIsRotated(ExifOrientation lying) {
    RgbImage given = lying.toUpright(UPRIGHT);

    UprightPhoto found = UprightPhoto.of(given, new EveryWayUp(0.95, 0.89));

    assertEquals(UPRIGHT, found.image());
  }

  @Test
  void aSureFaceIsNotRotated() {
    assertEquals(
        ExifOrientation.UPRIGHT,
        UprightPhoto.of(UPRIGHT, new EveryWayUp(0.93, 0.99)).orientation());
  }

  @Test
  void aCutOffNeighbourDoesNotDecide() {
    UprightPhoto found = UprightPhoto.of(UPRIGHT, new EveryWayUp(0.9, 0.85) {
      @Override
      public List<Face> detect(RgbImage image) {
        List<Face> faces = super.detect(image);
        return image.equals(UPRIGHT) ? List.of(face(40, 0.7), faces.get(0)) : faces;
      }
    });

    assertEquals(ExifOrientation.UPRIGHT, found.orientation());
  }

  // Its top row is light.
  private static RgbImage marked() {
    byte[] rgb = new byte[60 * 40 * 3];
    Arrays.fill(rgb, 0, 60 * 3, (byte) 200);
    return RgbImage.of(60, 40, rgb);
  }

  private static Face face(double width, double score) {
    return new Face(
        new BoundingBox(5, 5, width, width),
        score,
        HeadPose.FRONTAL,
        Optional.of(new Face.Eyes(new Point(10, 12), new Point(20, 12))),
        Optional.empty());
  }

  /** Finds a face with eyes in every position, with a higher score if it is upright. */
  private static class EveryWayUp implements FaceDetector {
    private final double upright;
    private final double other;

    EveryWayUp(double upright, double other) {
      this.upright = upright;
      this.other = other;
    }

    @Override
    public List<Face> detect(RgbImage image) {
      return List.of(face(30, image.equals(UPRIGHT) ? upright : other));
    }

    @Override
    public String name() {
      return "every way up";
    }

    @Override
    public void close() {}
  }
}
