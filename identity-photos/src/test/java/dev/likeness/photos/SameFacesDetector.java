package dev.likeness.photos;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import java.util.List;
import java.util.Optional;

/** Finds the same faces in every image. */
public record SameFacesDetector(List<Face> faces) implements FaceDetector {
  /** A slightly turned face with landmarks, which fills most of an image of 64 x 64 pixels. */
  public static final Face IN_64_PIXELS = new Face(
      new BoundingBox(10, 10, 44, 46),
      1,
      HeadPose.FRONTAL,
      Optional.empty(),
      Optional.of(new Face.Landmarks(
          new Point(22, 29),
          new Point(41, 27),
          new Point(32, 39),
          new Point(25, 50),
          new Point(41, 49))));

  @Override
  public List<Face> detect(RgbImage image) {
    return faces;
  }

  @Override
  public String name() {
    return "fixed";
  }

  @Override
  public void close() {}
}
