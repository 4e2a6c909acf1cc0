package dev.likeness.photos;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import java.util.List;
import java.util.Optional;

/** Takes every image for a face, except tiny ones. */
public record WholeImageDetector() implements FaceDetector {
  @Override
  public List<Face> detect(RgbImage image) {
    BoundingBox all = new BoundingBox(0, 0, image.width(), image.height());
    return image.width() < 8
        ? List.of()
        : List.of(new Face(all, 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty()));
  }

  @Override
  public String name() {
    return "whole";
  }

  @Override
  public void close() {}
}
